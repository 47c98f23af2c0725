"""Reference data held in memory: one snapshot for each process, replaced as soon as another process changed the data.

    bump(db, CATALOGUE)     the writer raises a version in its own transaction and announces it
    watch(holder, stores)   a task that compares versions: at once on a Redis message, else by asking PostgreSQL

PostgreSQL's row is the truth, Redis only makes it quicker: with Redis away nobody is stale for longer than a second.
With PostgreSQL away the snapshot that is there goes on being used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from redis.asyncio.client import PubSub
from redis.exceptions import RedisError
from sqlalchemy import BigInteger, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core import telemetry
from gencharge.core.events.events import Envelope, Event, Outside, emit
from gencharge.core.postgres.database import Base, Database
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM

# Less than the second that is promised: what is left is for loading.
POLL_SECONDS: Final = 0.7
# One version for all that is sold (operators, circles, plans): the parts are checked against each other.
CATALOGUE: Final = "catalogue"
log = telemetry.get_logger(__name__)


class CatalogueState(Base):
    """The version of one kind of reference data; a writer raises it in the transaction of the change."""

    __tablename__ = "catalogue_state"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDataChanged(Event):
    """Reference data of this name has a new version."""

    name: str
    version: int


class Versioned(Protocol):
    """A snapshot knows which version it is."""

    @property
    def version(self) -> int: ...


S = TypeVar("S", bound=Versioned)


class Holder(Generic[S]):
    """The process's snapshot of one kind of reference data."""

    def __init__(self, name: str, load: Callable[[AsyncSession, int], Awaitable[S]]) -> None:
        self.name = name
        self.snapshot: S | None = None
        self._load = load
        self._loading = asyncio.Lock()

    async def current(self, database: Database) -> S:
        """The snapshot; loaded on first use. Raises DatabaseUnavailable when there is none and PostgreSQL is away."""
        return self.snapshot or await self.refresh(database)

    async def refresh(self, database: Database) -> S:
        """Reload if PostgreSQL has another version than the one held."""
        async with self._loading:
            held = self.snapshot
            if held is not None and await self._version(database) == held.version:
                return held
            # The version is read before the data: data may be newer than it says, never older.
            self.snapshot = fresh = await database.run(self._load_all)
            return fresh

    async def _version(self, database: Database) -> int:
        row = await database.fetch_row("SELECT version FROM catalogue_state WHERE id = $1", self.name)
        return int(row["version"]) if row is not None else 0

    async def _load_all(self, db: AsyncSession) -> S:
        return await self._load(db, await version_of(db, self.name))


async def version_of(db: AsyncSession, name: str) -> int:
    """The present version of the reference data `name`; 0 if it never changed."""
    return await db.scalar(select(CatalogueState.version).where(CatalogueState.id == name)) or 0


async def lock(db: AsyncSession, name: str) -> None:
    """Let nobody else who locks the reference data `name` change it before this transaction ends.

    A writer that reads before it writes takes this first: what it then reads is still true when it writes.
    """
    await db.execute(select(CatalogueState.version).where(CatalogueState.id == name).with_for_update())


async def bump(db: AsyncSession, name: str) -> int:
    """Say in the running transaction that the reference data `name` changes with it; returns the new version.

    Writers of one name wait for each other here, so versions are committed in their order.
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
    await emit(db, ReferenceDataChanged(user_id=str(SYSTEM), name=name, version=version))
    return version


def channel(stores: Stores, name: str) -> str:
    """The Redis channel on which a new version of `name` is told, one for each database."""
    return f"gencharge:{stores.settings.database_name}:changed:{name}"


async def _tell_processes(stores: Any, batch: list[Envelope]) -> None:
    for envelope in batch:
        event = cast(ReferenceDataChanged, envelope.event)
        try:
            await stores.redis.publish(channel(stores, event.name), str(event.version))
        except (RedisError, OSError, TimeoutError):
            return  # the processes ask PostgreSQL each second anyway: a late message helps nobody


TELL_PROCESSES: Final = Outside("tell-processes", (ReferenceDataChanged,), _tell_processes)


async def watch(holder: Holder[Any], stores: Stores) -> None:
    """Keep `holder` fresh until cancelled. Outlives every failure of either store."""
    healthy = True
    async with _Ear(stores, holder.name) as ear:
        while True:
            try:
                await holder.refresh(stores.database)
                healthy = True
            except Exception as error:  # whatever it is, the old snapshot is better than none
                if healthy:
                    log.warning("snapshot_not_refreshed", snapshot=holder.name, cause=repr(error))
                healthy = False
            await ear.wait(POLL_SECONDS)


class _Ear:
    """Waits for a message on a channel, or for a while, whether Redis is there or not."""

    def __init__(self, stores: Stores, name: str) -> None:
        self._redis = stores.redis
        self._channel = channel(stores, name)
        self._subscription: PubSub | None = None

    async def __aenter__(self) -> _Ear:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._hang_up()

    async def wait(self, seconds: float) -> None:
        """Return at a message, or after `seconds`."""
        deadline = asyncio.get_running_loop().time() + seconds
        try:
            if self._subscription is None:
                self._subscription = self._redis.pubsub(ignore_subscribe_messages=True)
                await self._subscription.subscribe(self._channel)
            while (left := deadline - asyncio.get_running_loop().time()) > 0:
                if await self._subscription.get_message(timeout=left) is not None:
                    return
        except Exception as error:  # whatever it is, asking PostgreSQL goes on
            log.debug("snapshot_channel_failed", channel=self._channel, cause=repr(error))
            await self._hang_up()
            await asyncio.sleep(max(0.05, deadline - asyncio.get_running_loop().time()))

    async def _hang_up(self) -> None:
        if self._subscription is not None:
            with suppress(Exception):
                await self._subscription.aclose()  # type: ignore[no-untyped-call]
            self._subscription = None
