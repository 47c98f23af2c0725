"""A migration while customers buy, with the old and the new API side by side.

The code of the release before is not in the tests. What stands in for it is a process of this code that was started before the migration,
on older tables: it has that schema's connections, prepared statements and caches. It can sell on them as far back as to the last migration
whose columns and functions a sale uses; that new SQL functions keep the calls of old processes working is tests/core/test_functions.py's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from alembic import command

from gencharge.core.postgres import migrations
from tests.faults.sales import Sales
from tests.faults.site import Site
from tests.faults.test_faults import cheapest, ledger_lines, rows
from tests.make import fork_server

# The last migration that a sale of this code needs. A new one that a sale needs takes its place.
OLDEST_FOR_SALES = "0077"
# `gencharge migrate` gives up after five seconds; a sale that waits behind it can't wait for longer.
LONGEST_WAIT_SECONDS = 5.0


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Site]:
    """An installation whose last migrations are still to come, with an API that was started on the schema before them."""
    if migrations.head() == OLDEST_FOR_SALES:
        pytest.skip(
            "the newest migration is one that a sale needs: this code can't sell without it, and nothing comes after it"
        )
    site = Site(tmp_path)
    site.start_stores()
    command.downgrade(migrations.config(site.settings), OLDEST_FOR_SALES)
    site.start_api()
    try:
        yield site
    finally:
        site.stop()


class Watch:
    """Looks every 20 ms for how long anybody waits for a lock."""

    def __init__(self, site: Site) -> None:
        self._url = site.settings.postgres_url
        self.longest = 0.0

    async def look(self) -> None:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            while True:
                cursor = await connection.execute(
                    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0) FROM pg_locks WHERE NOT granted"
                )
                row = await cursor.fetchone()
                assert row is not None
                self.longest = max(self.longest, float(row[0]))
                await asyncio.sleep(0.02)


async def test_sales_go_on_while_the_schema_is_migrated_and_both_releases_serve(old: Site) -> None:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        sales, watch = Sales(old, await cheapest(old, client), "migrate"), Watch(old)
    selling, watching = asyncio.create_task(sales.run()), asyncio.create_task(watch.look())
    await asyncio.sleep(2)
    assert migrations.current(old.settings) != migrations.head()
    migrated = await asyncio.to_thread(
        fork_server.run,
        "migrate",
        folder=old.folder,
        environment=old.inherited | old.environment,
        timeout=300,
    )
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    assert migrations.current(old.settings) == migrations.head()

    # The new release starts beside the old one, and both sell for a while.
    before = old.port
    old.processes["serve of the old release"] = old.processes.pop("serve")
    old.port, old.url = old.port_beside, f"http://127.0.0.1:{old.port_beside}"
    await asyncio.to_thread(old.start_api)
    sales.ports.append(old.port)
    await asyncio.sleep(4)

    # And back, which no command does (decision 0039): what these migrations made goes away, and both go on selling.
    down = migrations.config(old.settings), OLDEST_FOR_SALES
    await asyncio.to_thread(command.downgrade, *down)
    assert migrations.current(old.settings) == OLDEST_FOR_SALES
    at_that_time = dict(sales.seen)
    await asyncio.sleep(3)
    selling.cancel()
    watching.cancel()
    await sales.settle()
    # The books are checked by this code's checks, which look into the newest tables.
    await asyncio.to_thread(migrations.upgrade, old.settings)

    sold = {port: sales.seen[port, 201] for port in sales.ports}
    assert all(sold[port] > at_that_time[port, 201] for port in sales.ports)
    assert sold[before] > 100
    assert sold[old.port] > 20
    assert {status for _, status in sales.seen} <= {201, 503}, sales.seen
    assert watch.longest < LONGEST_WAIT_SECONDS
    count = rows(old, "SELECT count(*) FROM recharges WHERE idempotency_key LIKE 'migrate-%'")
    assert count[0][0] >= sum(sold.values()), "what was acknowledged is there"
    assert await ledger_lines(old) == []


async def test_a_migration_that_gets_no_lock_gives_up_and_sales_go_on(old: Site) -> None:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        sales = Sales(old, await cheapest(old, client), "migrate")
    revision = migrations.current(old.settings)
    # Somebody holds a table that every migration writes.
    with psycopg.connect(old.settings.postgres_url) as reader:
        reader.execute("LOCK TABLE alembic_version IN SHARE MODE")
        selling = asyncio.create_task(sales.run())
        began = time.monotonic()
        with pytest.raises(Exception, match="lock timeout"):
            await asyncio.to_thread(migrations.upgrade, old.settings)
        waited = time.monotonic() - began
        selling.cancel()
        await sales.settle()
    assert LONGEST_WAIT_SECONDS <= waited < 60
    assert migrations.current(old.settings) == revision, "all of it, or nothing"
    assert {status for _, status in sales.seen} == {201}
    assert migrations.upgrade(old.settings)
