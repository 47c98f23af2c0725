"""The drill, with real processes and fifty sales a second: everything is lost, and comes back from a backup, or as of an instant.

Three seconds of sales in the suite; as a soak a minute of them (SOAK_SECONDS).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from gencharge import wiring
from gencharge.backups import base_service, cipher, names, service, wal_keys
from gencharge.core.settings import Settings
from gencharge.run import recovery, verification
from tests.faults.sales import Sales
from tests.faults.site import Site
from tests.faults.test_faults import cheapest
from tests.faults.test_in_place import new_customer, open_again, sell, sign_in
from tests.make import fork_server
from tests.make.backups import silent

SECONDS = [3.0, pytest.param(float(os.environ.get("SOAK_SECONDS", "60")), marks=pytest.mark.soak)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """All machines of a test, and what outlives them."""
    path = Path(tempfile.mkdtemp(prefix="gencharge-drill-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def machine(folder: Path, name: str) -> Site:
    """An installation that keeps its backups, encrypted, beside its own folder."""
    key = folder / "backup.key"
    if not key.exists():
        key.write_text(cipher.new_key())
    data = folder / name
    data.mkdir(mode=0o755)
    return Site(data, more={"BACKUP_DIR": str(folder / f"{name}-backups"), "BACKUP_KEY_FILE": str(key)})


def gencharge(site: Site, *words: str) -> str:
    done = fork_server.run(
        *words, folder=site.folder, environment=site.inherited | site.environment, timeout=500
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def keys_of(settings: Settings, prefix: str) -> set[str]:
    """The idempotency keys of the sales that are there."""
    with psycopg.connect(settings.postgres_url) as connection:
        rows = connection.execute(
            "SELECT idempotency_key FROM recharges WHERE idempotency_key LIKE %s", (f"{prefix}-%",)
        )
        return {key for (key,) in rows}


async def verified(site: Site) -> None:
    """Ledger and trail are clean."""
    for report in (
        await verification.verify_ledger(site.settings),
        await verification.verify_audit(site.settings),
    ):
        assert report.ok, report.lines


async def goes_on(site: Site, number: str) -> None:
    """API and worker start; a customer signs in by OTP and recharges, and ledger and trail stay clean."""
    async with httpx.AsyncClient(base_url=site.url, timeout=20, trust_env=False) as client:
        await open_again(client)
        headers = await sign_in(client, number)
        before = (await client.get("/v1/wallet", headers=headers)).json()["balance"]
        await sell(site, headers, await cheapest(site, client))
        assert (await client.get("/v1/wallet", headers=headers)).json()["balance"] < before
    await verified(site)


@pytest.mark.parametrize("seconds", SECONDS)
async def test_a_backup_amid_fifty_sales_a_second_brings_an_empty_machine_back(
    folder: Path, seconds: float
) -> None:
    lost = machine(folder, "lost")
    try:
        await asyncio.to_thread(lost.start)
        number = await new_customer(lost.settings)
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            sales = Sales(lost, await cheapest(lost, client), "drill")
        selling = asyncio.create_task(sales.run())
        await asyncio.sleep(seconds)
        created = await asyncio.to_thread(gencharge, lost, "backup", "create")
        ended_at = datetime.now(UTC)
        await asyncio.sleep(1)
        selling.cancel()
        await sales.settle()
        sold_in_all = keys_of(lost.settings, "drill")
    finally:
        lost.stop()
    backup_id = created.partition(":")[0]
    described = (await service.get_backup(lost.settings, backup_id)).description
    snapshot_at = datetime.fromisoformat(described["snapshot_at"])
    assert sales.acknowledged_before(snapshot_at) < sales.acknowledged_before(ended_at), "they went on"

    # Nothing is left but the archive, its key, and what the guide says to keep elsewhere: the secrets.
    archive = lost.settings.backup_dir / names.archive_key(backup_id, sealed=True)
    new = machine(folder, "new")
    stored = new.settings.backup_dir / names.archive_key(backup_id, sealed=True)
    stored.parent.mkdir(parents=True)
    archive.rename(stored)
    (lost.folder / "secrets.env").rename(new.folder / "secrets.env")
    shutil.rmtree(lost.folder)
    shutil.rmtree(lost.settings.backup_dir)
    try:
        for server in (new.postgres, new.mongo, new.redis):
            server.start()
            server.wait_ready()
        await asyncio.to_thread(gencharge, new, "migrate")
        await asyncio.to_thread(
            gencharge, new, "backup", "restore", backup_id, "--in-place", "--confirm", backup_id
        )
        assert counts_of(new.settings, described) == {
            name: table["rows"] for name, table in described["tables"].items()
        }
        keys = keys_of(new.settings, "drill")
        assert sales.acknowledged_before(snapshot_at) <= keys
        assert keys < sold_in_all, "what was sold after the snapshot is not in it"
        await verified(new)
        new.start_process("worker")
        new.start_api()
        await goes_on(new, number)
    finally:
        new.stop()


def counts_of(settings: Settings, described: dict[str, Any]) -> dict[str, int]:
    """The rows of each table, without the two that a restore in place writes itself: its event, and the instant before which no token counts."""
    counts = dict[str, int]()
    with psycopg.connect(settings.postgres_url) as connection:
        for table in described["tables"]:
            row = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
            assert row is not None
            counts[table] = row[0]
        own = connection.execute("SELECT 1 FROM events WHERE topic = 'BackupRestoredInPlace'").fetchall()
    assert len(own) == 1
    counts["events"] -= 1
    counts["session_cutoffs"] -= 1
    return counts


@pytest.mark.parametrize("seconds", SECONDS)
async def test_to_an_instant_amid_fifty_sales_a_second_each_acknowledged_one_is_there_and_no_later_one(
    folder: Path, seconds: float
) -> None:
    site = machine(folder, "site")
    own = site.settings.model_copy(
        update={"database_url": "", "mongo_url": "", "backup_wal_dir": folder / "archive"}
    )
    site.postgres.wal_dir = own.backup_wal_dir
    site.postgres.wal_public_key = wal_keys.public_of(cipher.read_key(folder / "backup.key"))
    try:
        await asyncio.to_thread(site.start)
        number = await new_customer(site.settings)
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            sales = Sales(site, await cheapest(site, client), "drill")
        await asyncio.to_thread(base_service.create, own, silent)
        selling = asyncio.create_task(sales.run())
        await asyncio.sleep(seconds)
        until = datetime.now(UTC)
        await asyncio.sleep(seconds)
        plan = recovery.Plan(
            until, site.folder / "recovered", dated=wiring.DATED_DOCUMENTS, proofs=wiring.PROOFS
        )
        outcome = await asyncio.to_thread(recovery.recover, own, plan, silent)
        selling.cancel()
        await sales.settle()
        assert outcome.problems == []
    finally:
        site.stop()
    assert len(sales.acknowledged_before(until)) > 50, "they went on"

    # Everything in use is lost, and what was recovered takes its place, as the command says.
    for store in ("postgres", "mongo"):
        shutil.rmtree(site.folder / store)
        (site.folder / "recovered" / store).rename(site.folder / store)
    shutil.rmtree(site.folder / "redis")
    try:
        for server in (site.postgres, site.mongo, site.redis):
            server.start()
            server.wait_ready()
        keys = keys_of(site.settings, "drill")
        assert sales.acknowledged_before(until) <= keys, "each acknowledged one is there"
        assert keys <= sales.begun_before(until), "none that was asked for after it"
        site.start_process("worker")
        site.start_api()
        await goes_on(site, number)
    finally:
        site.stop()
