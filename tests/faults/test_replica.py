"""A real streaming replica: it is read from while it keeps up, and nothing fails when it lags, cancels a read, is killed or promoted."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import commands
from gencharge.core.postgres import migrations
from gencharge.core.postgres.replica import FAILED, HEADER, Reading
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import replica as doctors
from gencharge.run import verification
from gencharge.run.embedded import EmbeddedServers, Postgres
from tests.conftest import test_settings
from tests.make.analytics import count
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import staff_headers

pytestmark = pytest.mark.soak


class Pair:
    """A primary, and a replica that `pg_basebackup` makes of it."""

    def __init__(self, folder: Path) -> None:
        self.servers = EmbeddedServers(folder / "primary")
        self.replica = Postgres(folder / "replica")

    def start(self) -> None:
        """Start both."""
        self.servers.start()
        self.servers.wait_ready()
        primary = self.servers.postgres
        migrations.upgrade(test_settings(primary.data_dir, "gencharge_dev"))
        self.replica.data_dir.mkdir()
        copy = [primary.binary.sibling("pg_basebackup"), "-D", str(self.replica.folder), "-R", "-c", "fast"]
        subprocess.run(
            [*copy, "-h", str(primary.sockets), "-U", "gencharge"],
            env={**os.environ, **primary.binary.environment},
            check=True,
        )
        with (self.replica.folder / "postgresql.auto.conf").open("a") as file:
            # A read that is in the way of the log is cancelled at once.
            file.write("max_standby_streaming_delay = 0\nwal_retrieve_retry_interval = 100\n")
        self.replica.start()
        self.replica.wait_ready()

    def stop(self) -> None:
        """Stop both."""
        self.replica.stop()
        self.servers.stop()

    def do(self, statement: str) -> Any:
        """The first value of a statement on the replica."""
        with psycopg.connect(self.replica.url, autocommit=True) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="gc-pair-") as folder:
        pair = Pair(Path(folder))
        pair.start()
        yield pair
        pair.stop()


@pytest.fixture(scope="module")
def settings(pair: Pair) -> Settings:
    """Those of the pair."""
    return test_settings(
        pair.servers.data_dir,
        "gencharge_dev",
        database_replica_url=pair.replica.url,
        database_replica_max_lag_seconds=2.5,
    )


async def use_is(reading: Reading, is_used: bool) -> None:
    async with asyncio.timeout(60):
        while reading.is_used is not is_used:
            await asyncio.sleep(0.05)


@pytest.fixture
async def reading(stores: Stores) -> Reading:
    await use_is(stores.reading, True)
    return stores.reading


async def is_replica(db: AsyncSession) -> bool:
    return bool(await db.scalar(text("SELECT pg_is_in_recovery()")))


async def write(stores: Stores) -> None:
    await stores.database.run(
        lambda db: db.execute(text("SELECT pg_logical_emit_message(true, 'test', 'x')"))
    )


async def test_figures_lists_and_proofs_are_those_of_the_primary(
    app: FastAPI, shop: Stores, reading: Reading, client: httpx.AsyncClient, settings: Settings
) -> None:
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, await make_customer(shop), await make_number(shop), plan.plan_id)
    await count(shop)
    headers = await staff_headers(app, shop)
    async with asyncio.timeout(30):
        while True:
            answer = await client.get("/v1/analytics/transactions", headers=headers)
            if HEADER in answer.headers and answer.json()["totals"]["delivered"] == 1:
                break
            await asyncio.sleep(0.1)
    assert float(answer.headers[HEADER]) <= 2.5
    listed = await client.get("/v1/recharge/admin", headers=headers)
    assert HEADER in listed.headers
    assert len(listed.json()["items"]) == 1
    chart = await client.get("/v1/analytics/transactions/chart.svg", headers=headers)
    assert HEADER in chart.headers, chart.text
    csv = await client.get("/v1/reports/transactions", headers=headers)
    assert csv.text.count("\n") >= 2
    report = await verification.verify_ledger(settings, on_replica=True)
    assert report.ok, report.lines
    lines: list[str] = []
    assert await asyncio.to_thread(commands.verify, settings, lines.append, on_replica=True) == 0, lines
    (row,) = await asyncio.to_thread(doctors.examine, settings)
    assert row.problem == ""


async def test_a_replica_that_stops_replaying_is_left_and_taken_again(
    pair: Pair, stores: Stores, reading: Reading
) -> None:
    pair.do("SELECT pg_wal_replay_pause()")
    try:
        await write(stores)
        await use_is(reading, False)
        assert reading.lag_seconds is None or reading.lag_seconds > 2.5
        assert not await reading.run(is_replica)
    finally:
        pair.do("SELECT pg_wal_replay_resume()")
    await use_is(reading, True)
    assert await reading.run(is_replica)


async def test_a_read_that_the_replica_cancels_is_answered_by_the_primary(
    stores: Stores, reading: Reading
) -> None:
    await stores.database.run(
        lambda db: db.execute(text("INSERT INTO area_counts VALUES ('t', now(), now())"))
    )
    await asyncio.sleep(1)
    before = FAILED._value.get()
    places: list[bool] = []

    async def unit(db: AsyncSession) -> int:
        await db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        places.append(await is_replica(db))
        rows = await db.scalar(text("SELECT count(*) FROM area_counts WHERE area = 't'"))
        if places == [True]:
            # Rows that this snapshot still sees are cleaned up on the primary.
            await stores.database.run(lambda db: db.execute(text("DELETE FROM area_counts WHERE area = 't'")))
            with psycopg.connect(stores.settings.postgres_url, autocommit=True) as connection:
                connection.execute("VACUUM area_counts")
            for _ in range(100):
                await asyncio.sleep(0.1)
                await db.scalar(text("SELECT count(*) FROM area_counts"))
        return int(rows or 0)

    assert await reading.run(unit) == 0, "the primary's answer, from the beginning"
    assert places == [True, False]
    assert FAILED._value.get() == before + 1
    await use_is(reading, True)


async def test_a_replica_that_is_killed_is_no_failure_of_any_request(
    app: FastAPI, shop: Stores, pair: Pair, reading: Reading, client: httpx.AsyncClient
) -> None:
    headers = await staff_headers(app, shop)
    statuses: list[int] = []
    from_replica: list[bool] = []

    async def ask() -> None:
        answer = await client.get("/v1/analytics/transactions", headers=headers)
        statuses.append(answer.status_code)
        from_replica.append(HEADER in answer.headers)

    for number in range(60):
        if number == 20:
            await asyncio.to_thread(pair.replica.kill)
        await ask()
        await asyncio.sleep(0.02)
    assert set(statuses) == {200}
    assert from_replica[0]
    assert not any(from_replica[-10:])
    await use_is(reading, False)
    await asyncio.to_thread(pair.replica.start)
    await asyncio.to_thread(pair.replica.wait_ready)
    await use_is(reading, True)
    await ask()
    assert from_replica[-1]


async def test_a_replica_that_was_promoted_is_a_stranger(pair: Pair, reading: Reading) -> None:
    assert pair.do("SELECT pg_promote()")
    await use_is(reading, False)
    assert "takes writes" in reading.problem
    assert not await reading.run(is_replica)
