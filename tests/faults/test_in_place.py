"""A restore in place, end to end with real processes: API and worker go on through it, customers sign in again, and the next recharge works."""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import recoverability, verification
from tests.faults.site import Site
from tests.faults.test_faults import bodies, cheapest, recharge
from tests.make import factories, fork_server
from tests.make.money import fund


@pytest.fixture
def own() -> Iterator[Site]:
    """An installation of its own: a restore ends all sessions, and the databases change their names."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-inplace-"))
    folder.chmod(0o755)
    site = Site(folder, more={"BACKUP_DIR": str(folder / "backups")})
    try:
        site.start()
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


def backup(site: Site, *words: str) -> str:
    environment = site.inherited | site.environment
    done = fork_server.run("backup", *words, folder=site.folder, environment=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def sign_in(client: httpx.AsyncClient, number: str) -> dict[str, str]:
    asked = await client.post("/auth/login", json={"phone_number": number})
    if asked.status_code == 429 and asked.json()["code"] == "otp_too_soon":
        await asyncio.sleep(int(asked.headers["retry-after"]))
        asked = await client.post("/auth/login", json={"phone_number": number})
    assert asked.status_code == 200, asked.text
    body = {"phone_number": number, "challenge_id": asked.json()["challenge_id"], "otp": "111111"}
    answer = await client.post("/auth/verify-otp-login", json=body)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_after_a_restore_in_place_one_signs_in_again_and_recharges(own: Site) -> None:
    number = await new_customer(own.settings)
    async with httpx.AsyncClient(base_url=own.url, timeout=20, trust_env=False) as client:
        headers = await sign_in(client, number)
        plan = await cheapest(own, client)
        await sell(own, headers, plan)
        before = (await client.get("/v1/wallet", headers=headers)).json()
        backup_id = (await asyncio.to_thread(backup, own, "create")).partition(":")[0]
        await sell(own, headers, plan)

        seen = set[int]()
        restoring = asyncio.create_task(
            asyncio.to_thread(backup, own, "restore", backup_id, "--in-place", "--confirm", backup_id)
        )
        lines = list[str]()
        while not restoring.done():
            answer = await client.get("/v1/wallet", headers=headers)
            seen.add(answer.status_code)
            if answer.status_code == 503 and answer.json()["code"] == "maintenance":
                assert int(answer.headers["retry-after"]) > 0
                if not lines:
                    lines = await asyncio.to_thread(closing_lines, own.settings)
            await asyncio.sleep(0.1)
        assert "is live" in await restoring
        assert 503 in seen, "it was closed for a while"
        assert lines, "the doctor said so"
        assert "backup restore --resume" in lines[0]

        await open_again(client)
        refused = await client.get("/v1/wallet", headers=headers)
        assert refused.status_code == 401, "all sessions have ended"
        again = await sign_in(client, number)
        assert (await client.get("/v1/wallet", headers=again)).json()["balance"] == before["balance"]
        await sell(own, again, plan)
        after = (await client.get("/v1/wallet", headers=again)).json()
        assert after["balance"] < before["balance"]
    assert own.processes["serve"].poll() is None
    assert own.processes["worker"].poll() is None
    report = await verification.verify_ledger(own.settings)
    assert report.ok, report.lines
    # The worker goes on, too: it delivers what the sale announced.
    for _ in range(600):
        with psycopg.connect(own.settings.postgres_url) as connection:
            rows = connection.execute(
                "SELECT topic, leased_until, occurred_at FROM events WHERE topic = 'PlanRecharged'"
            ).fetchall()
        if not rows:
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail(f"the worker delivers nothing any more: {rows}\n{_end_of_log(own)}")


def _end_of_log(site: Site) -> str:
    return (site.folder / "worker.log").read_text()[-3_000:]


async def new_customer(settings: Settings) -> str:
    """A registered customer with money; the number that they sign in with."""
    stores = Stores.open(settings, name="test-customer")
    try:
        # Of the block that the fixed code opens, behind the sample's own numbers.
        number = f"+9190000{random.randrange(3_000, 9_999):05d}"
        user = await stores.database.run(lambda db: factories.make_user(db, phone_number=number))
        await fund(stores, user.user_id, 50_000)
    finally:
        await stores.close()
    return number


def closing_lines(settings: Settings) -> list[str]:
    """What the doctor says is wrong with a restore that keeps everything closed."""
    return [row.problem for row in recoverability.examine(settings) if row.what == "Restore" and row.problem]


async def sell(site: Site, headers: dict[str, str], plan: str) -> None:
    body: dict[str, Any] = bodies(plan, 1)[0]
    answer = await recharge(site, headers, body, f"in-place-{uuid4()}")
    assert answer is not None
    assert answer.status_code == 201, answer.content


async def open_again(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        answer = await client.get("/health/ready")
        if answer.status_code == 200 and (await client.get("/v1/plans")).status_code == 200:
            return
        await asyncio.sleep(0.1)
    pytest.fail("it stays closed")
