"""Reference data held in memory: one snapshot per process, replaced when another process changes the data.

    bump(db, CATALOGUE)     a writer raises the version in its own transaction, which announces it
    watch(holder, stores)   a task that compares versions: on a Redis message, or else every 0.7 s

The version in PostgreSQL is authoritative. Redis only saves time: without it a snapshot is stale for less than a
second. While PostgreSQL is down, the last snapshot stays in use.
"""

from __future__ import annotations

import asyncio
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
from gencharge.core.postgres.database import Base, Database, get_database
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID

# A change must be visible within a second; the rest of it is for loading.
POLL_SECONDS: Final = 0.7
# Operators, circles and plans refer to each other, so they share one version.
CATALOGUE: Final = "catalogue"
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

    A room derives its own, with the name of the data and how to load them. A worker makes one, an application uses
    `Catalogue.of(app)`, `Depends(Catalogue.for_request)` and the watcher `Catalogue.keep_fresh`.
    """

    name: ClassVar[str]
    # Of one application, so that a test can slow it down and leave the others alone.
    poll_seconds: float = POLL_SECONDS

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

    @classmethod
    async def keep_fresh(cls, app: FastAPI, stores: Stores) -> None:
        """Keep the application's snapshot fresh until cancelled: never stale for more than a second."""
        await watch(cls.of(app), stores)

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
            # The version is read before the data, so the data may be newer than it says, but never older.
            self.snapshot = fresh = await database.run(self._load_all)
            return fresh

    async def _version(self, database: Database) -> int:
        row = await database.fetch_row("SELECT version FROM catalogue_state WHERE id = $1", self.name)
        return int(row["version"]) if row is not None else 0

    async def _load_all(self, db: AsyncSession) -> S:
        return await self.load(db, await version_of(db, self.name))


async def version_of(db: AsyncSession, name: str) -> int:
    """The current version of the reference data `name`; 0 if they have never changed."""
    return await db.scalar(select(CatalogueState.version).where(CatalogueState.id == name)) or 0


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


async def watch(holder: Holder[S], stores: Stores) -> None:
    """Keep `holder` fresh until cancelled, whichever store fails."""
    healthy = True
    async with _Subscription(stores, holder.name) as subscription:
        while True:
            try:
                await holder.refresh(stores.database)
                healthy = True
            except Exception as error:  # an old snapshot is better than none, whatever the error
                raise_if_cancelled()
                if healthy:
                    log.warning("snapshot_not_refreshed", snapshot=holder.name, cause=repr(error))
                healthy = False
            await subscription.wait(holder.poll_seconds)


class _Subscription:
    """Waits for a message on a channel, or for a time-out, even if Redis is down."""

    def __init__(self, stores: Stores, name: str) -> None:
        self._redis = stores.redis
        self._channel = channel(stores, name)
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
                await self._pubsub.subscribe(self._channel)
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                if await self._pubsub.get_message(timeout=left) is not None:
                    return
        except Exception as error:  # the caller polls PostgreSQL, whatever the error
            raise_if_cancelled()
            log.debug("snapshot_channel_failed", channel=self._channel, cause=repr(error))
            await self._unsubscribe()
            await asyncio.sleep(max(0.05, deadline - asyncio.get_running_loop().time()))

    async def _unsubscribe(self) -> None:
        if self._pubsub is not None:
            with suppress(Exception):
                await self._pubsub.aclose()  # type: ignore[no-untyped-call]
            self._pubsub = None
