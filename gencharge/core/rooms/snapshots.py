"""Reference data held in memory: one snapshot per process, replaced when another process changes the data.

    bump(db, CATALOGUE)                a writer raises the version in its own transaction, which announces it
    Watch().run(holders, stores)       a task that compares versions: on a Redis message, or else every 0.7 s

The version in PostgreSQL is authoritative. Redis only saves time: without it a snapshot is stale for less than a
second. While PostgreSQL is down, the last snapshot stays in use. A process has one subscription and one statement
for all its snapshots, and loads two of them at a time: one that starts opens few connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, Self, TypeVar, cast

from fastapi import FastAPI, Request
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError
from sqlalchemy import BigInteger, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core import telemetry
from gencharge.core.events.events import Envelope, Event, Outside, emit
from gencharge.core.http.choices import Choices, Known
from gencharge.core.postgres.database import Base, Database, get_database
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID

# A change must be visible within a second; the rest of it is for loading.
POLL_SECONDS: Final = 0.7
# Operators, circles and plans refer to each other, so they share one version.
CATALOGUE: Final = "catalogue"
# A new process would otherwise open a connection for each.
_LOADED_AT_ONCE: Final = 2
log = telemetry.get_logger(__name__)


class CatalogueState(Base):
    """The version of one set of reference data. A writer raises it in the transaction of its change."""

    __tablename__ = "catalogue_state"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDataChanged(Event):
    """Reference data of this name has a new version."""

    name: str
    version: int


class Versioned(Protocol):
    """A snapshot knows its version."""

    @property
    def version(self) -> int: ...


S = TypeVar("S", bound=Versioned)


class Holder(OnePerApp, Generic[S]):
    """Holds the latest snapshot of one set of reference data.

    A room derives its own, with the name of the data and how to load them, and lists it in its `room.py`. A worker
    makes one, an application uses `Catalogue.of(app)` and `Depends(Catalogue.for_request)`.
    """

    name: ClassVar[str]

    def __init__(self) -> None:
        self.snapshot: S | None = None
        self._loading = asyncio.Lock()

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """A new holder, which has loaded nothing yet."""
        del app
        return cls()

    @classmethod
    async def for_request(cls, request: Request) -> S:
        """The application's snapshot, for `Depends`. Raises DatabaseUnavailable as `current` does."""
        return await cls.of(request.scope["app"]).current(get_database(request))

    async def load(self, db: AsyncSession, version: int) -> S:
        """Read the data from PostgreSQL; `version` is the version that they have at least."""
        raise NotImplementedError

    async def current(self, database: Database) -> S:
        """The snapshot, loaded on first use.

        Raises DatabaseUnavailable if none is loaded yet and PostgreSQL is down.
        """
        return self.snapshot or await self.refresh(database)

    async def refresh(self, database: Database) -> S:
        """Reload if PostgreSQL has another version than the snapshot."""
        async with self._loading:
            snapshot = self.snapshot
            if snapshot is not None and await self._version(database) == snapshot.version:
                return snapshot
            self.snapshot = fresh = await self.load_all(database)
            return fresh

    async def load_all(self, database: Database) -> S:
        """The data as they are now. The version is read before them: they may be newer than it says, but never older."""

        async def unit(db: AsyncSession) -> S:
            return await self.load(db, await version_of(db, self.name))

        return await database.run(unit)

    async def _version(self, database: Database) -> int:
        row = await database.fetch_row("SELECT version FROM catalogue_state WHERE id = $1", self.name)
        return int(row["version"]) if row is not None else 0


class DocumentsHolder(Holder[S]):
    """Holds a snapshot of data in MongoDB; their version is in PostgreSQL."""

    async def read(self, version: int) -> S:
        """Read the data from MongoDB; `version` is the version that they have at least. Raises DocumentsUnavailable."""
        raise NotImplementedError

    async def load_all(self, database: Database) -> S:
        """As in Holder, but no transaction of PostgreSQL waits for MongoDB."""
        return await self.read(await database.run(lambda db: version_of(db, self.name)))


def choices(holder: type[Holder[S]], of: Callable[[S], Choices]) -> Known:
    """The values that the filters of a kind take, from the application's snapshot."""

    async def known(app: FastAPI, fresh: bool) -> Choices:
        held, database = holder.of(app), app.state.stores.database
        return of(await (held.refresh(database) if fresh else held.current(database)))

    return known


async def version_of(db: AsyncSession, name: str) -> int:
    """The current version of the reference data `name`; 0 if they have never changed."""
    return await db.scalar(select(CatalogueState.version).where(CatalogueState.id == name)) or 0


async def versions_of_all(database: Database) -> Mapping[str, int]:
    """The current version of all reference data that have ever changed, by their names."""
    row = await database.fetch_row(
        "SELECT array_agg(id) AS names, array_agg(version) AS versions FROM catalogue_state"
    )
    return (
        {} if row is None or row["names"] is None else dict(zip(row["names"], row["versions"], strict=True))
    )


async def lock(db: AsyncSession, name: str) -> None:
    """Lock the reference data `name` for writing until the end of this transaction.

    A writer that reads before it writes takes this lock first, so what it reads is still true when it writes.
    """
    await db.execute(select(CatalogueState.version).where(CatalogueState.id == name).with_for_update())


async def bump(db: AsyncSession, name: str) -> int:
    """Raise the version of the reference data `name` in the running transaction; returns the new version.

    Writers of one name wait for each other here, so versions are committed in order.
    """
    raised = (
        insert(CatalogueState)
        .values(id=name, version=1)
        .on_conflict_do_update(
            index_elements=[CatalogueState.id], set_={"version": CatalogueState.version + 1}
        )
        .returning(CatalogueState.version)
    )
    version = int((await db.execute(raised)).scalar_one())
    await emit(db, ReferenceDataChanged(user_id=str(SYSTEM_USER_ID), name=name, version=version))
    return version


def channel(stores: Stores, name: str) -> str:
    """The Redis channel on which new versions of `name` are published, one for each database."""
    return f"gencharge:{stores.settings.database_name}:changed:{name}"


async def _publish_changes(stores: Any, batch: list[Envelope]) -> None:
    for envelope in batch:
        event = cast(ReferenceDataChanged, envelope.event)
        try:
            await stores.redis.publish(channel(stores, event.name), str(event.version))
        except (RedisError, OSError, TimeoutError):
            return  # every process polls PostgreSQL, so a message that comes later is of no use


PUBLISH_CHANGES: Final = Outside("publish-changes", (ReferenceDataChanged,), _publish_changes)


class Watch(OnePerApp):
    """Keeps the snapshots of a process fresh: never stale for more than a second."""

    # Of one application, so that a test can slow it down and leave the others alone.
    poll_seconds: float = POLL_SECONDS

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """One that watches nothing yet."""
        del app
        return cls()

    async def run(self, holders: Sequence[Holder[Any]], stores: Stores) -> None:
        """Keep `holders` fresh until cancelled, whichever store fails."""
        places = asyncio.Semaphore(_LOADED_AT_ONCE)
        watched = [_Watched(holder) for holder in holders]
        async with asyncio.TaskGroup() as group:
            for each in watched:
                group.create_task(each.run(stores.database, places))
            await self._compare(watched, stores)

    async def _compare(self, watched: Sequence[_Watched], stores: Stores) -> None:
        healthy = True
        async with _Subscription(stores, {each.holder.name for each in watched}) as subscription:
            while True:
                try:
                    versions = await versions_of_all(stores.database)
                    healthy = True
                except Exception as error:  # an old snapshot is better than none, whatever the error
                    raise_if_cancelled()
                    if healthy:
                        log.warning("snapshots_not_compared", cause=repr(error))
                    healthy = False
                else:
                    for each in watched:
                        each.compare(versions.get(each.holder.name, 0))
                await subscription.wait(self.poll_seconds)


class _Watched:
    """A snapshot that is loaded again when it is found to be stale. One that takes long, or fails, holds up no other."""

    def __init__(self, holder: Holder[Any]) -> None:
        self.holder = holder
        self._stale = asyncio.Event()

    def compare(self, version: int) -> None:
        """Load the data if they have another version than the snapshot."""
        if self.holder.snapshot is None or self.holder.snapshot.version != version:
            self._stale.set()

    async def run(self, database: Database, places: asyncio.Semaphore) -> None:
        """Load the data whenever they are stale."""
        healthy = True
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                async with places:
                    await self.holder.refresh(database)
                healthy = True
            except Exception as error:  # the next comparison asks again
                raise_if_cancelled()
                if healthy:
                    log.warning("snapshot_not_refreshed", snapshot=self.holder.name, cause=repr(error))
                healthy = False


class _Subscription:
    """Waits for a message on one of the channels, or for a time-out, even if Redis is down."""

    def __init__(self, stores: Stores, names: Iterable[str]) -> None:
        self._redis = stores.redis
        self._channels = [channel(stores, name) for name in sorted(names)]
        self._pubsub: PubSub | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._unsubscribe()

    async def wait(self, seconds: float) -> None:
        """Return on a message, or after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            if self._pubsub is None:
                self._pubsub = self._redis.pubsub(ignore_subscribe_messages=True)
                await self._pubsub.subscribe(*self._channels)
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                if await self._pubsub.get_message(timeout=left) is not None:
                    return
        except Exception as error:  # the caller polls PostgreSQL, whatever the error
            raise_if_cancelled()
            log.debug("snapshot_channels_failed", cause=repr(error))
            await self._unsubscribe()
            await asyncio.sleep(max(0.05, deadline - asyncio.get_running_loop().time()))

    async def _unsubscribe(self) -> None:
        if self._pubsub is not None:
            with suppress(Exception):
                await self._pubsub.aclose()  # type: ignore[no-untyped-call]
            self._pubsub = None
