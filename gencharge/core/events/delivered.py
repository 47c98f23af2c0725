"""Events that were delivered, stored for BACKUP_EVENT_DAYS, in case MongoDB is restored from a backup that is older than PostgreSQL.

A row is a batch of the relay: JSON, compressed and encrypted. So it costs one short insert for each batch, and a fraction of the bytes that a row
for each event would take. Only events are stored that a listener can replay (`Outside.replay`); `core.events.replay` reads them.

The oldest row says since when all events are stored. It is left empty when what it held has expired.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    Index,
    Integer,
    Uuid,
    any_,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.events.events import Listener, Outside
from gencharge.core.events.outbox import Row
from gencharge.core.postgres.database import Base, Database, stamp
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.columns import Sealed, SealedText
from gencharge.core.vault.vault import Vault

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_LEVEL: Final = 3
_PAGE: Final = 20
# user_id, id, topic, payload, context, occurred_at
Stored = tuple[Any, ...]
_USER, _TOPIC, _PAYLOAD = 0, 2, 3


class DeliveredEvents(Base):
    """A batch of delivered events. `users`: the customers that its events are about, without those that were erased."""

    __tablename__ = "delivered_events"

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    delivered_at: Mapped[datetime] = stamp()
    events: Mapped[int] = mapped_column(Integer)
    users: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    content: Mapped[Sealed] = mapped_column(SealedText)

    __table_args__ = (Index("ix_delivered_events_delivered_at", "delivered_at"),)


Batch = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """A position in the table, which is read in the order of delivery."""

    delivered_at: datetime
    batch_id: UUID


class DeliveredLog:
    """Stores what one relay has delivered, as far as a listener can replay it."""

    def __init__(self, stores: Stores, listeners: Sequence[Listener]) -> None:
        self._stores = stores
        self._listeners = [one for one in listeners if isinstance(one, Outside) and one.replay is not None]
        self._is_on = stores.settings.backup_event_days > 0
        self._begun = False

    async def begin(self) -> None:
        """Note since when events are stored, or forget all of them if they are not any more. Once for each relay. Raises DatabaseUnavailable."""
        if not self._begun:
            if not self._is_on:
                await self._stores.database.run(delete_all)
            elif self._listeners:
                await self._stores.database.run(mark)
            self._begun = True

    async def batch_of(self, rows: Sequence[Row], listener: Outside | None = None) -> Batch | None:
        """The row of what can be replayed of these events; None if there is nothing. `listener`: what it alone has taken.

        Call it before the transaction that stores it: the data keys may have to be read. Raises DataKeyNotUsable, DatabaseUnavailable."""
        if not self._is_on:
            return None
        listeners = self._listeners if listener is None else [listener] if listener.replay else []
        stored = [row.stored for row in rows if any(row.concerns(one) for one in listeners)]
        return await _batch_of(Vault.of_database(self._stores.database), stored) if stored else None


async def add(db: AsyncSession, batch: Batch | None) -> None:
    """Store a batch in the transaction that takes its events out of the outbox."""
    if batch is not None:
        await db.execute(insert(DeliveredEvents), batch)


async def mark(db: AsyncSession) -> None:
    """Note that events are stored from now on, if nothing says so yet."""
    if await get_since(db) is None:
        await add(db, {"batch_id": new_id(), "events": 0, "users": [], "content": Sealed("")})


async def delete_all(db: AsyncSession) -> None:
    """Forget all, also since when events were stored."""
    await db.execute(delete(DeliveredEvents))


async def get_since(db: AsyncSession) -> datetime | None:
    """Since when each event that was delivered is stored (UTC); None: none is."""
    since: datetime | None = await db.scalar(select(func.min(DeliveredEvents.delivered_at)))
    return since


async def get_size(db: AsyncSession) -> int:
    """How many bytes the table and its index take."""
    return int(await db.scalar(select(func.pg_total_relation_size(DeliveredEvents.__tablename__))) or 0)


async def prune(db: AsyncSession, days: int) -> int:
    """Delete what was delivered more than so many days ago, and return how many batches it was.

    The youngest of them stays as an empty row: it says that since then everything is there. With 0 days all is deleted."""
    if days == 0:
        await delete_all(db)
        return 0
    before = clock.now() - timedelta(days=days)
    last = await db.scalar(
        select(func.max(DeliveredEvents.delivered_at)).where(DeliveredEvents.delivered_at <= before)
    )
    if last is None:
        return 0
    gone = await db.execute(delete(DeliveredEvents).where(DeliveredEvents.delivered_at < last))
    await db.execute(
        update(DeliveredEvents)
        .where(DeliveredEvents.delivered_at <= last, DeliveredEvents.events > 0)
        .values(events=0, users=[], content=Sealed(""))
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


async def iterate(database: Database, since: datetime) -> AsyncIterator[list[Stored]]:
    """What was delivered since an instant (UTC), batch by batch in the order of delivery. An event may come more than once.

    Raises DataKeyLost, DataKeyNotUsable, StoredDataChanged, DatabaseUnavailable."""
    vault, place = Vault.of_database(database), _Place(since, UUID(int=0))
    while True:
        rows = await database.run(lambda db, after=place: _list_after(db, after))  # type: ignore[misc]
        for row in rows:
            yield await _opened(vault, row.batch_id, row.content)
        if len(rows) < _PAGE:
            return
        place = _Place(rows[-1].delivered_at, rows[-1].batch_id)


async def change_user(
    database: Database, user_id: UUID, change: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> int:
    """Replace the payload of each stored event about a customer by `change(topic, payload)`; how many batches had one. Idempotent.

    Reads the customers of all batches, and the content only of those that have this one. Raises what `iterate` raises."""
    vault = Vault.of_database(database)
    about_user = literal(user_id, Uuid) == any_(DeliveredEvents.users)
    batch_ids = await database.run(lambda db: _list_ids(db, about_user))

    async def unit(db: AsyncSession, batch_id: UUID) -> None:
        # `FOR UPDATE`: a rotation of the data keys may write the same row.
        this = select(DeliveredEvents).where(DeliveredEvents.batch_id == batch_id).with_for_update()
        row = (await db.scalars(this)).one_or_none()
        if row is None or user_id not in row.users:
            return
        stored = await _opened(vault, batch_id, row.content)
        changed = [
            (*event[:_PAYLOAD], change(event[_TOPIC], event[_PAYLOAD]), *event[_PAYLOAD + 1 :])
            if event[_USER] == user_id
            else event
            for event in stored
        ]
        row.content = await _sealed(vault, batch_id, changed)
        row.users = [each for each in row.users if each != user_id]
        await db.flush()

    for batch_id in batch_ids:
        await database.run(lambda db, batch_id=batch_id: unit(db, batch_id))  # type: ignore[misc]
    return len(batch_ids)


async def _list_ids(db: AsyncSession, condition: Any) -> Sequence[UUID]:
    return (await db.scalars(select(DeliveredEvents.batch_id).where(condition))).all()


async def _list_after(db: AsyncSession, after: _Place) -> Sequence[Any]:
    order = (DeliveredEvents.delivered_at, DeliveredEvents.batch_id)
    query = select(*order, DeliveredEvents.content).where(
        DeliveredEvents.events > 0, tuple_(*order) > (after.delivered_at, after.batch_id)
    )
    return (await db.execute(query.order_by(*order).limit(_PAGE))).all()


async def _batch_of(vault: Vault, stored: Sequence[Stored]) -> Batch:
    batch_id = new_id()
    return {
        "batch_id": batch_id,
        "events": len(stored),
        "users": list({event[_USER] for event in stored}),
        "content": await _sealed(vault, batch_id, stored),
    }


async def _sealed(vault: Vault, batch_id: UUID, stored: Sequence[Stored]) -> Sealed:
    packed = zstd.compress(orjson.dumps(stored, default=str), level=_LEVEL)
    return await vault.seal(DeliveredEvents.content, (batch_id,), base64.b64encode(packed).decode())


async def _opened(vault: Vault, batch_id: UUID, content: Sealed) -> list[Stored]:
    packed = base64.b64decode(await vault.open(DeliveredEvents.content, (batch_id,), content))
    return [
        (UUID(user_id), UUID(event_id), topic, payload, context, datetime.fromisoformat(occurred_at))
        for user_id, event_id, topic, payload, context, occurred_at in orjson.loads(zstd.decompress(packed))
    ]
