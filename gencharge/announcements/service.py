"""What an inbox shows of the announcements, and what its owner does with them. Nothing is written before an owner does something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase

from gencharge.announcements import crud
from gencharge.announcements.crud import Inbox as Inbox
from gencharge.announcements.models import Announcement, AnnouncementStatus, open_listed
from gencharge.announcements.readers_service import readers_of as readers_of
from gencharge.announcements.sums_service import sums_of as sums_of
from gencharge.announcements.walk_service import (
    Walk as Walk,
)
from gencharge.announcements.walk_service import (
    advance as advance,
)
from gencharge.announcements.walk_service import (
    announce as announce,
)
from gencharge.announcements.walk_service import (
    next_readers as next_readers,
)
from gencharge.announcements.walk_service import (
    rest as rest,
)
from gencharge.announcements.walk_service import (
    take as take,
)
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.recipient import Recipient
from gencharge.core.vault.vault import Vault

Documents = AsyncDatabase[Document]


@dataclass(frozen=True, slots=True)
class Shown:
    """An announcement in an inbox. Instants in UTC."""

    announcement: Announcement
    starts_at: datetime
    viewed_at: datetime | None


async def read(
    documents: Documents,
    vault: Vault,
    inbox: Inbox,
    *,
    unread: bool | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Shown]:
    """What the inbox shows, the newest first; `after` is the last one of the page before. `unread`: True = only unread,
    False = only viewed ones. Raises DocumentsUnavailable."""
    with answering(documents):
        views = await crud.list_views(documents, inbox.reader.recipient)
        only, without = _filter(views, unread)
        rows = await crud.list_shown(
            documents, inbox, only=only, without=without, now=_now(), after=after, limit=limit
        )
    viewed = {view["announcement_id"]: view.get("viewed_at") for view in views}
    opened = [await open_listed(vault, row) for row in rows]
    # One that can't be read hides no other. The worker finds it, too, and takes it out of the inboxes.
    return [_shown(each, viewed.get(each.announcement_id)) for each in opened if each.texts]


async def get(documents: Documents, vault: Vault, announcement_id: UUID) -> Announcement | None:
    """An announcement, however far it has come; None if there is none, or it can't be read. Raises DocumentsUnavailable."""
    with answering(documents):
        document = await crud.get_announcement(documents, announcement_id, {})
    announcement = None if document is None else await open_listed(vault, document)
    return announcement if announcement is not None and announcement.texts else None


def showing(announcement: Announcement, inboxes: Iterable[Inbox]) -> list[Inbox]:
    """Those of these inboxes that show it now, unless their owners deleted it."""
    if announcement.status(clock.now()) is not AnnouncementStatus.SHOWN:
        return []
    # What is asked of thousands of inboxes is made once.
    starts_at, type, key = announcement.starts_at, announcement.purpose.type, announcement.audience.key
    assert starts_at is not None, "it is shown"
    return [
        inbox
        for inbox in inboxes
        if type in inbox.types and starts_at >= inbox.reader.since and key in inbox.reader.keys
    ]


async def count(documents: Documents, inbox: Inbox, *, unread: bool | None) -> int:
    """How many the inbox shows. Raises DocumentsUnavailable."""
    with answering(documents):
        only, without = _filter(await crud.list_views(documents, inbox.reader.recipient), unread)
        return await crud.count_shown(documents, inbox, only=only, without=without, now=_now())


async def count_unread_of(documents: Documents, inboxes: Sequence[Inbox]) -> dict[Recipient, int]:
    """How many unread announcements each of these inboxes shows. Raises DocumentsUnavailable."""
    if not inboxes:
        return {}
    keys = {inbox.reader.recipient: inbox.reader.keys for inbox in inboxes}
    with answering(documents):
        current = await crud.list_current(documents, frozenset().union(*keys.values()), _now())
        views = (
            await crud.list_views_of(documents, keys.keys(), (row["_id"] for row in current))
            if current
            else []
        )
    touched = defaultdict[Recipient, set[UUID]](set)
    for view in views:
        touched[Recipient(view["recipient_kind"], view["recipient_id"])].add(view["announcement_id"])
    # By audience and type: few are announced to, beside all the audiences that a reader belongs to.
    groups = defaultdict[str, dict[str, list[tuple[datetime, UUID]]]](lambda: defaultdict(list))
    for row in current:
        groups[row["audience"]][row["type"]].append((row["starts_at"], row["_id"]))
    for alike in groups.values():
        for rows in alike.values():
            rows.sort()
    counts = dict[Recipient, int]()
    for inbox in inboxes:
        reader = inbox.reader
        counts[reader.recipient] = sum(
            _count_untouched(rows, reader.since, touched.get(reader.recipient))
            for key in groups.keys() & keys[reader.recipient]
            for type, rows in groups[key].items()
            if type in inbox.types
        )
    return counts


def _count_untouched(rows: list[tuple[datetime, UUID]], since: datetime, touched: set[UUID] | None) -> int:
    """How many of these, in the order of their beginnings, began since then and were not viewed or deleted."""
    if not rows or (rows[0][0] >= since and not touched):
        return len(rows)
    return sum(starts_at >= since and own not in (touched or ()) for starts_at, own in rows)


async def view(documents: Documents, vault: Vault, inbox: Inbox, announcement_id: UUID) -> Shown | None:
    """Mark it as viewed; the first view's instant stays. None if the inbox does not show it, or it can't be read. Raises DocumentsUnavailable."""
    now = _now()
    with answering(documents):
        shown = await _find(documents, inbox, announcement_id, now)
        if shown is None:
            return None
        row, viewed_at = shown
        await crud.mark(documents, inbox.reader.recipient, [announcement_id], "viewed_at", now)
    announcement = await open_listed(vault, row)
    return _shown(announcement, viewed_at or now) if announcement.texts else None


async def view_all(documents: Documents, inbox: Inbox) -> int:
    """Mark all that the inbox shows as viewed, and return how many were unread. Raises DocumentsUnavailable."""
    with answering(documents):
        only, without = _filter(await crud.list_views(documents, inbox.reader.recipient), True)
        now = _now()
        rows = await crud.list_shown(documents, inbox, only=only, without=without, now=now, limit=0)
        await crud.mark(documents, inbox.reader.recipient, [row["_id"] for row in rows], "viewed_at", now)
    return len(rows)


async def delete(documents: Documents, inbox: Inbox, announcement_id: UUID) -> bool:
    """Take it out of the inbox for good. False if the inbox does not show it. Raises DocumentsUnavailable."""
    now = _now()
    with answering(documents):
        if await _find(documents, inbox, announcement_id, now) is None:
            return False
        await crud.mark(documents, inbox.reader.recipient, [announcement_id], "deleted_at", now)
    return True


async def _find(
    documents: Documents, inbox: Inbox, announcement_id: UUID, now: datetime
) -> tuple[Document, datetime | None] | None:
    """An announcement that the inbox shows, and when it was viewed."""
    rows = await crud.list_shown(documents, inbox, only=[announcement_id], now=now, limit=1)
    touched = await crud.get_view(documents, inbox.reader.recipient, announcement_id)
    if not rows or touched.get("deleted_at") is not None:
        return None
    return rows[0], touched.get("viewed_at")


def _filter(views: Sequence[Document], unread: bool | None) -> tuple[list[UUID] | None, list[UUID]]:
    """Which announcements alone, None for all; and which not."""
    deleted = [view["announcement_id"] for view in views if view.get("deleted_at") is not None]
    viewed = [view["announcement_id"] for view in views if view.get("viewed_at") is not None]
    if unread is None:
        return None, deleted
    return (None, [*deleted, *viewed]) if unread else (viewed, deleted)


def _shown(announcement: Announcement, viewed_at: datetime | None) -> Shown:
    assert announcement.starts_at is not None, "an inbox shows no drafts"
    return Shown(announcement, announcement.starts_at, viewed_at)


def _now() -> datetime:
    """As MongoDB keeps it: a view says the same instant when it is written as when it is read."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
