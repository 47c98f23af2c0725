"""Announcements as the staff see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from gencharge.announcements import crud, staff_service
from gencharge.announcements.models import (
    Announcement,
    AnnouncementChannel,
    AnnouncementStatus,
    open_listed,
)
from gencharge.announcements.staff_schemas import (
    AnnouncementFigures,
    AnnouncementOut,
    AnnouncementPage,
    AnnouncementQuery,
    AnnouncementTextOut,
    AudienceOut,
    ChannelFigures,
)
from gencharge.announcements.sums_service import NONE, sums_of
from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages
from gencharge.sessions.guards import Principal


async def list_announcements(
    documents: crud.Db, vault: Vault, admin: Principal, query: AnnouncementQuery
) -> AnnouncementPage:
    """A page of the announcements in the admin's scope, the newest first. Raises CursorInvalid, DocumentsUnavailable."""
    after = decode_cursor(query.cursor, kinds=(UUID,))[0] if query.cursor else None
    now = clock.now()
    conditions = staff_service.in_scope(admin) | _conditions(query, now)
    with answering(documents):
        rows = await crud.list_announcements(documents, conditions, after, query.limit + 1)
        total = await crud.count_announcements(documents, conditions) if query.include_total else None
    items = await _shown(documents, vault, rows[: query.limit])
    more = len(rows) > query.limit
    return AnnouncementPage(
        items=items,
        next_cursor=encode_cursor(items[-1].announcement_id) if more else None,
        total=total,
    )


async def detail(
    documents: crud.Db, vault: Vault, admin: Principal, announcement_id: UUID
) -> AnnouncementOut:
    """An announcement, and what became of it. Raises AnnouncementNotFound, DocumentsUnavailable."""
    _, document = await staff_service.get(documents, vault, admin, announcement_id)
    [shown] = await _shown(documents, vault, [document])
    return shown


async def _shown(documents: crud.Db, vault: Vault, rows: Sequence[Document]) -> list[AnnouncementOut]:
    now = clock.now()
    with answering(documents):
        viewed = await crud.count_viewed(documents, [row["_id"] for row in rows])
    return [
        _out(
            await open_listed(vault, row),
            await _figures(documents, row, viewed.get(row["_id"], 0)),
            now,
        )
        for row in rows
    ]


async def _figures(documents: crud.Db, row: Document, viewed: int) -> AnnouncementFigures:
    """The sums of its messages are kept when all are at their end: the messages themselves are deleted some day."""
    sums = row["sums"]
    if not sums and row["channels"]:
        sums = sums_of(
            row["channels"],
            await messages.count_of_batch(documents, row["_id"]),
            await messages.count_receipts_of_batch(documents, row["_id"]),
        )
    return AnnouncementFigures(
        counted=row["counted"],
        recipients=row["recipients"],
        in_app=row["in_app"],
        viewed=viewed,
        # What was summed up before there were reports has none.
        channels={
            AnnouncementChannel(name): ChannelFigures(**(NONE | sums[name])) for name in row["channels"]
        },
    )


def _out(announcement: Announcement, figures: AnnouncementFigures, now: datetime) -> AnnouncementOut:
    """An announcement as the staff see it."""
    return AnnouncementOut(
        etag=announcement.etag,
        announcement_id=announcement.announcement_id,
        status=announcement.status(now),
        audience=AudienceOut.model_validate(announcement.audience),
        purpose=announcement.purpose,
        channels=list(announcement.channels),
        texts={
            language: AnnouncementTextOut.model_validate(text)
            for language, text in announcement.texts.items()
        },
        starts_at=announcement.starts_at,
        ends_at=announcement.ends_at,
        cancelled_at=announcement.cancelled_at,
        created_by=announcement.created_by,
        created_at=announcement.created_at,
        updated_at=announcement.updated_at,
        sent_by=announcement.sent_by,
        figures=figures,
    )


def _conditions(query: AnnouncementQuery, now: datetime) -> Document:
    conditions: Document = {}
    if query.kind is not None:
        conditions["meant_for.kind"] = query.kind.value
    for name in ("campaign_id", "user_id"):
        if getattr(query, name) is not None:
            conditions[f"meant_for.{name}"] = getattr(query, name)
    if query.status is None:
        return conditions
    cancelled = {"cancelled_at": None}
    by_status: dict[AnnouncementStatus, Document] = {
        AnnouncementStatus.DRAFT: {"starts_at": None},
        AnnouncementStatus.SCHEDULED: {"starts_at": {"$gt": now}, **cancelled},
        AnnouncementStatus.SHOWN: {"starts_at": {"$lte": now}, "ends_at": {"$gt": now}, **cancelled},
        AnnouncementStatus.ENDED: {"ends_at": {"$lte": now}, **cancelled},
        AnnouncementStatus.CANCELLED: {"cancelled_at": {"$ne": None}},
    }
    return conditions | by_status[query.status]
