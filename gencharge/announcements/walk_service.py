"""The walk of the worker through an audience: a slice of customers at a time, in the order of their ids.

A slice is noted when it is done, with what was counted in it. A worker that died is followed by another one, which does its last slice again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import audience_crud, events, readers_service, walk_crud
from gencharge.announcements.models import (
    Announcement,
    AudienceKind,
    Reader,
    open_announcement,
    open_listed,
)
from gencharge.core import telemetry
from gencharge.core.errors import Problem
from gencharge.core.events import document_events
from gencharge.core.rooms.resealing import UNREADABLE
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.errors import DataKeyNotUsable
from gencharge.core.vault.vault import Vault

LEASE: Final = timedelta(seconds=30)
SLICE: Final = 500
# Until one that can't be read is looked at again.
PARKED_FOR: Final = timedelta(minutes=15)
_FIRST: Final = UUID(int=0)
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Walk:
    """An announcement that a worker is at. `counted`: everybody has been passed."""

    announcement: Announcement
    lease_id: UUID
    announced: bool
    counted: bool
    cursor: UUID | None
    # Since when all its messages have been at their end; None: they are not.
    summed_at: datetime | None


async def take(stores: Stores) -> Walk | None:
    """Lease an announcement that is due; None if none is. One that can't be read is parked, and stops no other.

    Raises DocumentsUnavailable, DatabaseUnavailable.
    """
    vault = Vault.of_database(stores.database)
    while True:
        now, lease_id = clock.now(), new_id()
        with answering(stores.documents):
            document = await walk_crud.lease(stores.documents, lease_id=lease_id, now=now, until=now + LEASE)
        if document is None:
            return None
        try:
            announcement = await open_announcement(vault, document)
        except UNREADABLE as problem:
            # To end a cancelled one, nobody has to read it.
            if document["cancelled_at"] is None:
                await _park(stores, document, lease_id, problem)
                continue
            announcement = await open_listed(vault, document)
        if document.get("parked_at") is not None:
            with answering(stores.documents):
                await walk_crud.mark_readable(stores.documents, document["_id"])
        return Walk(
            announcement,
            lease_id,
            document["announced"],
            document["counted"],
            document["cursor"],
            document.get("summed_at"),
        )


async def _park(stores: Stores, document: Document, lease_id: UUID, problem: Problem) -> None:
    """Tell the staff once, and look again later: a wrong DATA_KEY is mended some day. After its end nobody looks."""
    now, announcement_id = clock.now(), document["_id"]
    event = events.AnnouncementParked(
        user_id=str(SYSTEM_USER_ID),
        announcement_id=str(announcement_id),
        operator=document["operator"],
        problem=problem.code(),
    )
    carried = document_events.carry(event)
    # A process with a wrong key must not take it out of the inboxes that others can read it for.
    values = {"parked_at": now, "is_hidden": not isinstance(problem, DataKeyNotUsable)}
    with answering(stores.documents):
        is_first = await walk_crud.mark_parked(stores.documents, announcement_id, lease_id, values, carried)
    if is_first:
        log.error("announcement_parked", announcement_id=str(announcement_id), problem=problem.code())
        await stores.database.run(lambda db: document_events.emit_carried(db, carried))
    next_at = now + PARKED_FOR if document["ends_at"] > now else None
    with answering(stores.documents):
        await walk_crud.release(stores.documents, announcement_id, lease_id, next_at, {})


async def announce(stores: Stores, walk: Walk) -> None:
    """Say that it is shown now, once. If this is cut off, the job that looks for events says it."""
    event = events.AnnouncementShown(
        user_id=str(SYSTEM_USER_ID),
        announcement_id=str(walk.announcement.announcement_id),
        audience=walk.announcement.audience.key,
    )
    carried = document_events.carry(event)
    with answering(stores.documents):
        is_first = await walk_crud.mark_announced(
            stores.documents, walk.announcement.announcement_id, walk.lease_id, carried
        )
    if is_first:
        await stores.database.run(lambda db: document_events.emit_carried(db, carried))


async def next_readers(
    db: AsyncSession, announcement: Announcement, cursor: UUID | None
) -> tuple[list[Reader], UUID | None]:
    """The readers of the next slice who are in the audience, and the last id that was looked at; None: that was all."""
    assert announcement.starts_at is not None, "it was sent"
    audience = announcement.audience
    if audience.kind is AudienceKind.ADMINS:
        admins = await audience_crud.list_active_admins(db, before=announcement.starts_at)
        return [Reader(Recipient("admin", admin_id), since) for admin_id, since in admins], None
    if audience.kind is AudienceKind.CUSTOMER:
        assert audience.user_id is not None, "of one customer"
        rows, last = await audience_crud.list_customers(db, [audience.user_id]), None
    else:
        rows = await audience_crud.list_next_customers(
            db, after=cursor or _FIRST, before=announcement.starts_at, limit=SLICE
        )
        last = rows[-1].user_id if len(rows) == SLICE else None
    passed = [readers_service.of_row(row) for row in rows]
    return [reader for reader in passed if audience.key in reader.keys], last


async def advance(stores: Stores, walk: Walk, cursor: UUID | None, *, recipients: int, in_app: int) -> bool:
    """Note that a slice is done; `cursor` None: it was the last one. False if the lease is lost, or it was cancelled.

    Raises DocumentsUnavailable.
    """
    values = {"cursor": cursor, "counted": cursor is None, "next_at": clock.now() + LEASE}
    with answering(stores.documents):
        return await walk_crud.advance(
            stores.documents,
            walk.announcement.announcement_id,
            walk.lease_id,
            values,
            {"recipients": recipients, "in_app": in_app},
        )


async def rest(
    stores: Stores,
    walk: Walk,
    until: datetime | None,
    sums: Mapping[str, Mapping[str, int]] | None = None,
    summed_at: datetime | None = None,
) -> None:
    """Leave it until an instant; None: for good. `sums`: what became of its messages, all of which have been at their end since `summed_at`.

    Raises DocumentsUnavailable.
    """
    values = {} if sums is None else {"sums": sums, "summed_at": summed_at}
    with answering(stores.documents):
        await walk_crud.release(
            stores.documents, walk.announcement.announcement_id, walk.lease_id, until, values
        )
