"""Long fault runs: `make soak`. Minutes by SOAK_MINUTES (default 5), the seed by SOAK_SEED (printed)."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import pymongo
import pytest

from gencharge.audit import verification_service as verification
from gencharge.core.stores.stores import Stores
from gencharge.core.vault.vault import Vault
from gencharge.notifications.models import from_document
from tests.faults.http import Answer
from tests.faults.site import Site
from tests.faults.test_faults import bodies, cheapest, ledger_lines, recharge, rows, wait_for

pytestmark = pytest.mark.soak
CLIENTS = 16


async def client_life(site: Site, plan: str, user: int, ends_at: float) -> list[tuple[str, Answer]]:
    """Recharges one after another; each is repeated with its key until it has a final answer."""
    sold = []
    while time.monotonic() < ends_at:
        body, key = bodies(plan, 1)[0], f"soak-{uuid4()}"
        while True:
            answer = await recharge(site, site.headers([user])[0], body, key)
            if answer is not None and answer.status_code < 500:
                break
            await asyncio.sleep(0.2)
        assert answer.status_code in {201, 409}, answer.content
        if answer.status_code == 409:
            assert answer.json()["code"] == "insufficient_balance"
            return sold
        sold.append((key, answer))
    return sold


async def strike(site: Site, choice: random.Random) -> str:
    """Kill one part of the installation and start it again a little later."""
    name = choice.choice(["serve", "worker", "postgres", "redis", "mongo"])
    pause = choice.uniform(0.1, 2)
    if name in {"serve", "worker"}:
        await asyncio.to_thread(site.kill, name)
        await asyncio.sleep(pause)
        await asyncio.to_thread(site.start_process, name)
    else:
        server = {"postgres": site.postgres, "redis": site.redis, "mongo": site.mongo}[name]
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(pause)
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(server.wait_ready)
    return name


async def test_random_kills_of_every_part_lose_nothing_and_charge_nothing_twice(site: Site) -> None:
    minutes = float(os.environ.get("SOAK_MINUTES", "5"))
    seed = int(os.environ.get("SOAK_SEED", str(random.SystemRandom().randrange(10**6))))
    choice, ends_at, strikes = random.Random(seed), time.monotonic() + minutes * 60, Counter[str]()
    fill_wallets(site)
    async with httpx.AsyncClient(timeout=10) as client:
        plan = await cheapest(site, client)
    lives = [asyncio.create_task(client_life(site, plan, number + 1, ends_at)) for number in range(CLIENTS)]
    while time.monotonic() < ends_at:
        await asyncio.sleep(choice.uniform(1, 6))
        strikes[await strike(site, choice)] += 1
    sold = [pair for life in await asyncio.gather(*lives) for pair in life]
    report: dict[str, Any] = {"seed": seed, "strikes": dict(strikes), "sold": len(sold)}

    assert await ledger_lines(site) == []
    recharges = dict(
        rows(site, "SELECT idempotency_key, id::text FROM recharges WHERE left(idempotency_key, 5) = 'soak-'")
    )
    assert {key: answer.json()["subscription_id"] for key, answer in sold} == recharges
    await wait_for(
        lambda: (
            rows(site, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)") == [(0,)]
        ),
        120,
    )
    with pymongo.MongoClient[dict[str, Any]](
        site.settings.mongodb_url, uuidRepresentation="standard"
    ) as mongo:
        documents = mongo[site.settings.mongo_database]
        written = documents["notices"].find().to_list()
    stores = Stores.open(site.settings)
    vault = Vault.of_database(stores.database)
    noticed = Counter(
        [(await from_document(vault, document)).data.get("recharge_id") for document in written]
    )
    assert {id_: noticed[id_] for id_ in recharges.values()} == dict.fromkeys(recharges.values(), 1)
    try:
        async with asyncio.timeout(180):  # a sealer that was killed keeps its lease for a minute
            while (chain := await verification.verify(stores)).unsealed:
                await asyncio.sleep(3)
    finally:
        await stores.close()
    assert chain.ok, chain.lines
    print(report | {"audit_entries": chain.entries})  # noqa: T201 - the run's record


def fill_wallets(site: Site, *, paise: int = 50_000_000) -> None:
    """Enough for the whole run, booked as what it is: cashback."""
    for number in range(1, 51):
        rows(
            site,
            "SELECT * FROM wallet_transfer(%s, gen_random_uuid(), 'cashback', 'user:main', %s, 8::smallint,"
            " 'soak', NULL, NULL, NULL, NULL, NULL, NULL, now())",
            site.user(number),
            paise,
        )
