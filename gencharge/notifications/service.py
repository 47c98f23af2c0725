"""A whole inbox: its owner's own notices, and the announcements that are meant for them, as one list.

Nothing of an announcement is written for a reader before they view or delete it: what an inbox shows of them is decided when it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from heapq import merge
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import service as announcements
from gencharge.announcements.models import Announcement
from gencharge.announcements.service import Shown
from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.stores.mongo import answering
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.core.vault.vault import Vault
from gencharge.notifications import crud, notices_service
from gencharge.notifications.consent import SWITCHES, allows
from gencharge.notifications.errors import NotificationNotFound
from gencharge.notifications.kinds import NoticeChannel
from gencharge.notifications.models import Notice, NotificationType, Recipient
from gencharge.notifications.schemas import NotificationOut
from gencharge.users import service as users

_ANNOUNCED: Final = (NotificationType.ANNOUNCEMENT, NotificationType.PROMOTIONAL)
# The switches that stop announcements in the inbox.
_SWITCHES: Final = tuple(
    sorted({name for type in _ANNOUNCED for name in SWITCHES[type, NoticeChannel.IN_APP]})
)
KIND: Final = "announcement"


@dataclass(frozen=True, slots=True)
class Inbox:
    """Whose inbox it is, and in which language they read. `announced` is None for who is not known: they have notices only."""

    owner: Recipient
    language: Language
    announced: announcements.Inbox | None

    def of_type(self, type: NotificationType | None) -> announcements.Inbox | None:
        """The part of the announcements that has this type; None if there is none."""
        if self.announced is None or type is None:
            return self.announced
        types = self.announced.types & {type}
        return announcements.Inbox(self.announced.reader, types) if types else None


async def open_inboxes(stores: Stores, owners: Collection[Recipient]) -> dict[Recipient, Inbox]:
    """The inboxes of these people. Raises DatabaseUnavailable."""

    async def unit(db: AsyncSession) -> dict[Recipient, Inbox]:
        readers = await announcements.readers_of(db, owners)
        choices = await users.message_choices(db, [owner.id for owner in owners if owner.kind == "user"])
        inboxes = dict[Recipient, Inbox]()
        for owner in owners:
            reader = readers.get(owner)
            if reader is None:
                inboxes[owner] = Inbox(owner, Language.ENGLISH, None)
                continue
            choice = choices.get(owner.id)
            types = _types(None if choice is None else choice.preferences)
            inboxes[owner] = Inbox(owner, reader.language, announcements.Inbox(reader, types))
        return inboxes

    return await stores.database.run(unit)


def _types(preferences: Mapping[str, bool] | None) -> frozenset[NotificationType]:
    """Which announcements these switches let into the inbox. None: an admin, who has no switches."""
    if preferences is None:
        return frozenset(_ANNOUNCED)
    return _types_by_switches(tuple(preferences[name] for name in _SWITCHES))


@lru_cache(maxsize=256)
def _types_by_switches(positions: tuple[bool, ...]) -> frozenset[NotificationType]:
    """The same by the positions of the switches that count here: there are few of them, and thousands of readers for each announcement."""
    switches = dict(zip(_SWITCHES, positions, strict=True))
    return frozenset(type for type in _ANNOUNCED if allows(switches, type, NoticeChannel.IN_APP))


async def open_inbox(stores: Stores, owner: Recipient) -> Inbox:
    """One inbox. Raises DatabaseUnavailable."""
    return (await open_inboxes(stores, [owner]))[owner]


async def read(
    stores: Stores,
    inbox: Inbox,
    *,
    kind: NotificationType | None = None,
    unread: bool | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> tuple[list[Notice], str | None]:
    """A page of the inbox, newest first, and the next page's cursor. `unread`: True = only unread, False = only viewed ones.

    Raises CursorInvalid, DocumentsUnavailable.
    """
    vault = Vault.of_database(stores.database)
    own, own_cursor = await notices_service.read(
        stores.documents, vault, inbox.owner, kind=kind, unread=unread, limit=limit, cursor=cursor
    )
    announced = list[Notice]()
    part = inbox.of_type(kind)
    if part is not None:
        after: tuple[datetime, UUID] | None = None
        if cursor is not None:
            instant, tie = decode_cursor(cursor, kinds=(datetime, UUID))
            after = (instant, tie)
        rows = await announcements.read(
            stores.documents, vault, part, unread=unread, after=after, limit=limit + 1
        )
        announced = [notice_of(row, inbox.language) for row in rows]
    page = list(islice(merge(own, announced, key=_place, reverse=True), limit))
    more = own_cursor is not None or len(own) + len(announced) > limit
    return page, encode_cursor(page[-1].created_at, page[-1].id) if more else None


def _place(notice: Notice) -> tuple[datetime, UUID]:
    return notice.created_at, notice.id


def notice_of(shown: Shown, language: Language) -> Notice:
    """An announcement as a notice of an inbox."""
    announcement = shown.announcement
    text = announcement.text(language)
    return Notice(
        id=announcement.announcement_id,
        type=announcement.purpose.type,
        kind=KIND,
        title=text.title,
        body=text.body,
        data={"announcement_id": str(announcement.announcement_id)},
        created_at=shown.starts_at,
        viewed_at=shown.viewed_at,
    )


async def count(
    stores: Stores, inbox: Inbox, *, kind: NotificationType | None = None, unread: bool | None = None
) -> int:
    """How many notices and announcements. Raises DocumentsUnavailable."""
    own = await notices_service.count(stores.documents, inbox.owner, kind=kind, unread=unread)
    part = inbox.of_type(kind)
    return own if part is None else own + await announcements.count(stores.documents, part, unread=unread)


async def view(stores: Stores, inbox: Inbox, notice_id: UUID) -> Notice:
    """Mark one as viewed; a second view changes nothing. Raises NotificationNotFound, DocumentsUnavailable."""
    vault = Vault.of_database(stores.database)
    try:
        return await notices_service.view(stores.documents, vault, inbox.owner, notice_id)
    except NotificationNotFound:
        if inbox.announced is not None:
            shown = await announcements.view(stores.documents, vault, inbox.announced, notice_id)
            if shown is not None:
                return notice_of(shown, inbox.language)
        raise


async def view_all(stores: Stores, inbox: Inbox) -> int:
    """Mark all present ones as viewed, and return how many were unread. Raises DocumentsUnavailable."""
    own = await notices_service.view_all(stores.documents, inbox.owner)
    if inbox.announced is None:
        return own
    return own + await announcements.view_all(stores.documents, inbox.announced)


async def delete(stores: Stores, inbox: Inbox, notice_id: UUID) -> None:
    """Take one out of the inbox for good. Raises NotificationNotFound, DocumentsUnavailable."""
    try:
        await notices_service.delete(stores.documents, inbox.owner, notice_id)
    except NotificationNotFound:
        if inbox.announced is None or not await announcements.delete(
            stores.documents, inbox.announced, notice_id
        ):
            raise


async def show_many(stores: Stores, notice_ids: Sequence[UUID]) -> dict[UUID, NotificationOut]:
    """Those of these notices that their owners have not deleted. Whose they are, the caller knows. Raises DocumentsUnavailable."""
    vault = Vault.of_database(stores.database)
    return await notices_service.show_many(stores.documents, vault, notice_ids)


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement as inboxes show it, in each language; read once, for however many readers."""

    announcement: Announcement
    notices: Mapping[Language, NotificationOut]

    def shown_to(self, inboxes: Iterable[Inbox]) -> dict[Recipient, NotificationOut]:
        """For those of these inboxes that show it now, whatever their owners did with it."""
        announced = [inbox.announced for inbox in inboxes if inbox.announced is not None]
        return {
            inbox.reader.recipient: self.notices[inbox.reader.language]
            for inbox in announcements.showing(self.announcement, announced)
        }


async def read_announced(stores: Stores, announcement_id: UUID) -> Announced | None:
    """An announcement that was sent; None if there is none. Raises DocumentsUnavailable."""
    announcement = await announcements.get(
        stores.documents, Vault.of_database(stores.database), announcement_id
    )
    if announcement is None or announcement.starts_at is None:
        return None
    shown = Shown(announcement, announcement.starts_at, None)
    notices = {language: NotificationOut.of(notice_of(shown, language)) for language in Language}
    return Announced(announcement, notices)


async def count_unread_of(stores: Stores, inboxes: Mapping[Recipient, Inbox]) -> dict[Recipient, int]:
    """How many unread ones each of these inboxes has. Raises DocumentsUnavailable."""
    own = await notices_service.count_unread_of(stores.documents, inboxes)
    announced = await announcements.count_unread_of(
        stores.documents, [inbox.announced for inbox in inboxes.values() if inbox.announced is not None]
    )
    return {owner: count + announced.get(owner, 0) for owner, count in own.items()}


async def list_about(
    stores: Stores, user_id: UUID, recharge_id: UUID, *, limit: int
) -> Sequence[Mapping[str, Any]]:
    """What the customer was told about a recharge (`_id`, `kind`, `created_at`, `viewed_at`), the oldest first. Raises DocumentsUnavailable."""
    owner = Recipient("user", user_id)
    with answering(stores.documents):
        return await crud.list_about(stores.documents, owner, str(recharge_id), now=clock.now(), limit=limit)
