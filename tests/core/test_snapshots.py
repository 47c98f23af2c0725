"""Snapshots are kept fresh by one task of a process, whichever of them, or of the stores, is in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import wiring
from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.rooms import snapshots
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_postgres_url
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Gate
from tests.make.processes import another_process, eventually, within


@dataclass(frozen=True)
class Colours:
    version: int


class Slow(snapshots.Holder[Colours]):
    """Its data never come, until `go_on`."""

    name = "test_slow"

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.go_on = asyncio.Event()

    async def load(self, db: AsyncSession, version: int) -> Colours:
        self.asked += 1
        await self.go_on.wait()
        return Colours(version)


class Failing(Slow):
    name = "test_failing"

    async def load(self, db: AsyncSession, version: int) -> Colours:
        self.asked += 1
        raise DocumentsUnavailable


class Quick(Slow):
    name = "test_quick"

    async def load(self, db: AsyncSession, version: int) -> Colours:
        self.asked += 1
        return Colours(version)


class Elsewhere(snapshots.DocumentsHolder[Colours]):
    name = "test_elsewhere"

    def __init__(self) -> None:
        super().__init__()
        self.reading = asyncio.Event()

    async def read(self, version: int) -> Colours:
        self.reading.set()
        return await asyncio.get_running_loop().create_future()


@asynccontextmanager
async def watching(stores: Stores, *holders: snapshots.Holder[Any]) -> AsyncIterator[None]:
    watch = snapshots.Watch()
    watch.poll_seconds = 0.02
    task = asyncio.create_task(watch.run(holders, stores))
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def bump(stores: Stores, name: str) -> int:
    return await stores.database.run(lambda db: snapshots.bump(db, name))


async def test_a_snapshot_that_does_not_come_and_one_that_fails_hold_up_no_other(stores: Stores) -> None:
    slow, failing, quick = Slow(), Failing(), Quick()
    async with watching(stores, slow, failing, quick):
        for _ in range(3):
            version = await bump(stores, Quick.name)

            async def fresh(version: int = version) -> bool:
                return quick.snapshot == Colours(version)

            await eventually(fresh)
        assert slow.snapshot is None
        asked = failing.asked

        async def asked_again() -> bool:
            return failing.asked > asked

        await eventually(asked_again)
        slow.go_on.set()

        async def there() -> bool:
            return slow.snapshot is not None

        await eventually(there)
    assert slow.asked == 1


async def test_a_snapshot_is_loaded_only_when_its_own_version_is_another(stores: Stores) -> None:
    quick = Quick()
    async with watching(stores, quick):
        version = await bump(stores, Quick.name)

        async def fresh() -> bool:
            return quick.snapshot == Colours(version)

        await eventually(fresh)
        asked = quick.asked
        await bump(stores, "test_another")
        await asyncio.sleep(0.2)
        assert quick.asked == asked


async def test_no_transaction_waits_for_mongodb(settings: Settings, stores: Stores) -> None:
    elsewhere = Elsewhere()
    async with watching(stores, elsewhere):
        async with within(5):
            await elsewhere.reading.wait()
        # As the superuser: what the product acts as may not see what other sessions do. One that has only just ended may still be seen.
        url = embedded_postgres_url(settings.data_dir, settings.database_name)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:

            async def nobody_waits() -> bool:
                cursor = await connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
                )
                return await cursor.fetchone() == (0,)

            await eventually(nobody_waits)


async def test_a_process_that_starts_opens_few_connections(settings: Settings, app: FastAPI) -> None:
    """Ten a process were a hundred for ten of them, each a process of PostgreSQL, before the first request."""
    stores: Stores = app.state.stores

    async def connections(db: AsyncSession) -> int:
        query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int((await db.execute(query)).scalar_one())

    before = await stores.database.run(connections)
    async with another_process(settings) as (other, _client):

        async def ready() -> bool:
            held = [holder.of(other).snapshot for holder in wiring.SNAPSHOTS]
            return None not in held and Gate.of(other).informed.is_set()

        await eventually(ready, 20)
        assert await stores.database.run(connections) - before <= 5
