"""Sends announcements over other channels, and counts whom they reach, as long as a worker runs.

Inboxes need none of it. The worker walks through the audience in slices, and waits while the queue holds enough for the channel's rate: so its memory
does not grow with the audience, and a cancelled announcement has little left to go out. The id of a message follows from the announcement, the
customer and the channel, so a slice that is done again queues nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import service as announcements
from gencharge.announcements.models import Announcement, Reader
from gencharge.announcements.service import Walk
from gencharge.core import faultpoints
from gencharge.core.background.loop import Loop
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.core.values.quiet_hours import earliest
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages
from gencharge.messages.models import Outgoing
from gencharge.notifications.consent import channels_of
from gencharge.notifications.kinds import Draft, Kind, NoticeChannel
from gencharge.notifications.library import shipped
from gencharge.notifications.rendering import Rendered, unfilled
from gencharge.notifications.service import KIND
from gencharge.notifications.writing_service import Entry, messages_of
from gencharge.users import service as users
from gencharge.users.models import MessageChoices

# Messages that wait in the queue before more are added. At the highest rate they last longer than the walk rests.
BACKLOG: Final = 5_000
_PAUSE: Final = timedelta(seconds=1)
_LOOK: Final = timedelta(seconds=10)
# Providers report for days what arrived. After the last message has left, the figures are made again so much later.
_LOOKS_AGAIN: Final = tuple(timedelta(minutes=each) for each in (1, 10, 60, 6 * 60, 24 * 60, 72 * 60))
REPORTED: Final = frozenset({NoticeChannel.SMS.value, NoticeChannel.EMAIL.value})


class AnnouncementLoop(Loop[Walk, UUID]):
    """One per worker process. `run` until cancelled, or `drain` in a test."""

    at_a_time = 2
    poll_seconds = 0.5

    def __init__(self, stores: Stores) -> None:
        super().__init__()
        self._stores = stores
        self._vault = Vault.of_database(stores.database)

    async def claim(self, free: int, running: Counter[UUID]) -> Sequence[Walk]:
        """Lease an announcement that is due."""
        del free, running
        walk = await announcements.take(self._stores)
        return [] if walk is None else [walk]

    def party_of(self, task: Walk) -> UUID:
        """The announcement."""
        return task.announcement.announcement_id

    def id_of(self, task: Walk) -> str:
        """The announcement's id."""
        return str(task.announcement.announcement_id)

    async def close(self) -> None:
        """Nothing is held."""

    async def work(self, task: Walk) -> None:
        """Go on with an announcement until it is done, or has to wait."""
        announcement, stores = task.announcement, self._stores
        if announcement.cancelled_at is not None:
            await messages.drop_batch(stores.documents, stores.settings, announcement.announcement_id)
            await self._finish(task)
            return
        if not task.announced:
            await announcements.announce(stores, task)
        if not task.counted and not await self._walk(task):
            return
        if await messages.count_open_of_batch(stores.documents, announcement.announcement_id, 1):
            await announcements.rest(stores, task, clock.now() + _LOOK)
        else:
            await self._finish(task)

    async def _walk(self, walk: Walk) -> bool:
        """Pass slice after slice. False if it has to wait, was cancelled, or another worker took it."""
        announcement, cursor, stores = walk.announcement, walk.cursor, self._stores
        room = 0
        while True:
            now = clock.now()
            begin = earliest(announcement.purpose.type, now, stores.settings.quiet_times)
            if announcement.channels and begin > now:
                await announcements.rest(stores, walk, begin)
                return False
            # They are counted again only when as many were queued as there was room for.
            if room <= 0:
                room = BACKLOG - await messages.count_open_of_batch(
                    stores.documents, announcement.announcement_id, BACKLOG
                )
            if room <= 0:
                await announcements.rest(stores, walk, now + _PAUSE)
                return False
            cursor, recipients, in_app, queued = await self._pass(announcement, cursor)
            room -= queued
            await faultpoints.point("announcements.slice_queued")
            if not await announcements.advance(stores, walk, cursor, recipients=recipients, in_app=in_app):
                latest = await announcements.get(stores.documents, self._vault, announcement.announcement_id)
                if latest is not None and latest.cancelled_at is not None:
                    await messages.drop_batch(stores.documents, stores.settings, announcement.announcement_id)
                return False
            if cursor is None:
                return True

    async def _pass(
        self, announcement: Announcement, cursor: UUID | None
    ) -> tuple[UUID | None, int, int, int]:
        """Queue the messages to a slice; its last id, how many it has in the audience, how many of these see it in the app, and how many messages there are at
        most."""

        async def unit(
            db: AsyncSession,
        ) -> tuple[list[Reader], UUID | None, dict[UUID, MessageChoices]]:
            readers, last = await announcements.next_readers(db, announcement, cursor)
            ids = [reader.recipient.id for reader in readers if reader.recipient.kind == "user"]
            return readers, last, await users.message_choices(db, ids)

        readers, last, choices = await self._stores.database.run(unit)
        purpose = announcement.purpose
        kind = Kind(KIND, _channels(announcement), type=purpose.type, is_mandatory=purpose.is_mandatory)
        rendered = {language: _rendered(announcement, language) for language in Language}
        in_app, outgoing = 0, list[Outgoing]()
        for reader in readers:
            choice = choices.get(reader.recipient.id)
            channels = channels_of(kind, None if choice is None else choice.preferences)
            in_app += NoticeChannel.IN_APP in channels
            outgoing += messages_of(
                _entry(announcement, reader, kind),
                rendered[reader.language],
                channels,
                None,
                announcement.announcement_id,
            )
        await messages.enqueue(self._stores.documents, self._vault, outgoing)
        return last, len(readers), in_app, len(outgoing)

    async def _finish(self, walk: Walk) -> None:
        announcement = walk.announcement
        documents, batch = self._stores.documents, announcement.announcement_id
        counts = await messages.count_of_batch(documents, batch)
        receipts = await messages.count_receipts_of_batch(documents, batch)
        names = [channel.value for channel in announcement.channels]
        now = clock.now()
        first = walk.summed_at or now
        # Before the messages are deleted.
        last = first + timedelta(days=self._stores.settings.message_retention_days - 1)
        looks = [first + after for after in _LOOKS_AGAIN if now < first + after < last]
        sums = announcements.sums_of(names, counts, receipts)
        is_reported = any(sums[name]["sent"] for name in REPORTED.intersection(names))
        until = looks[0] if looks and is_reported else None
        await announcements.rest(self._stores, walk, until, sums, summed_at=first)


def _channels(announcement: Announcement) -> frozenset[NoticeChannel]:
    return frozenset({NoticeChannel.IN_APP, *(NoticeChannel(each.value) for each in announcement.channels)})


def _entry(announcement: Announcement, reader: Reader, kind: Kind) -> Entry:
    assert announcement.starts_at is not None, "it was sent"
    data = {"announcement_id": str(announcement.announcement_id)}
    draft = Draft(reader.recipient, kind, data=data)
    return Entry(announcement.announcement_id, announcement.starts_at, draft)


def _rendered(announcement: Announcement, language: Language) -> Rendered:
    text = announcement.text(language)
    return unfilled(text.title, text.body, text.sms, text.dlt_template, shipped().speech(language))


async def send_announcements(stores: Stores) -> None:
    """The loop of a worker."""
    await AnnouncementLoop(stores).run()
