"""What the staff do with announcements. Each change moves one a generation on, and is announced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.announcements import audience_service, crud, events
from gencharge.announcements.errors import (
    AnnouncementAlreadyCancelled,
    AnnouncementNotDraft,
    AnnouncementNotFound,
    AnnouncementNotReadable,
    AnnouncementNotSent,
)
from gencharge.announcements.models import (
    Announcement,
    AnnouncementChannel,
    AnnouncementPurpose,
    AnnouncementStatus,
    AnnouncementText,
    Audience,
    open_listed,
    plain_audience,
    seal_texts,
)
from gencharge.announcements.staff_schemas import (
    AnnouncementCreate,
    AnnouncementTextBody,
    AnnouncementUpdate,
    SendAnnouncement,
)
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events import document_events
from gencharge.core.events.events import Event, changes
from gencharge.core.http import etags
from gencharge.core.postgres.database import WriteConflict
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.language import Language
from gencharge.core.values.quiet_hours import earliest
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.sessions.guards import Principal

SHOWN_FOR: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=366)
# A clock that is a little fast sends now, not in the past.
_TOLERANCE: Final = timedelta(seconds=60)
_NOBODY: Final = str(SYSTEM_USER_ID)


def in_scope(admin: Principal) -> Document:
    """The condition that keeps a query inside an admin's operators; empty for an admin who has all."""
    return {"operator": {"$in": list(admin.operator_scope)}} if admin.operator_scope else {}


async def get(
    documents: crud.Db, vault: Vault, admin: Principal, announcement_id: UUID
) -> tuple[Announcement, Document]:
    """An announcement, and its document. One that can't be read has no texts. Raises AnnouncementNotFound, DocumentsUnavailable."""
    with answering(documents):
        document = await crud.get_announcement(documents, announcement_id, in_scope(admin))
    if document is None:
        raise AnnouncementNotFound
    return await open_listed(vault, document), document


async def create(
    db: AsyncSession, documents: crud.Db, vault: Vault, admin: Principal, command: AnnouncementCreate
) -> UUID:
    """A draft; its id. Raises ValidationFailed for an audience that there is not, OperatorOutOfScope, DocumentsUnavailable."""
    audience = await audience_service.audience_of(db, admin, command.audience)
    now, announcement_id = _milliseconds(clock.now()), new_id()
    event = events.AnnouncementCreated(
        user_id=_NOBODY,
        announcement_id=str(announcement_id),
        changes=changes({}, _terms(audience, command.purpose, command.channels)),
    )
    carried = document_events.carry(event)
    await document_events.emit_carried(db, carried)
    document = {
        "_id": announcement_id,
        **_placed(audience, command.purpose),
        "channels": _channels(command.channels),
        "content": await seal_texts(vault, announcement_id, _texts(command.texts)),
        "starts_at": None,
        "ends_at": None,
        "cancelled_at": None,
        "deleted_at": None,
        "created_by": admin.user_id,
        "created_at": now,
        "updated_at": now,
        "sent_by": None,
        "announced": False,
        "counted": False,
        "cursor": None,
        "recipients": 0,
        "in_app": 0,
        "sums": None,
        "generation": 1,
        document_events.FIELD: [carried],
    }
    with answering(documents):
        await crud.add_announcement(documents, document)
    return announcement_id


async def update(
    db: AsyncSession,
    documents: crud.Db,
    vault: Vault,
    admin: Principal,
    announcement_id: UUID,
    if_match: str | None,
    command: AnnouncementUpdate,
) -> None:
    """Change a draft. Raises AnnouncementNotFound, AnnouncementNotDraft, AnnouncementNotReadable unless it gets new texts, ResourceChanged, ValidationFailed, OperatorOutOfScope,
    DocumentsUnavailable."""
    announcement = await _draft(documents, vault, admin, announcement_id, if_match)
    fields = command.model_fields_set
    audience, purpose = announcement.audience, announcement.purpose
    if "audience" in fields:
        audience = await audience_service.audience_of(db, admin, command.audience)
    if "purpose" in fields:
        purpose = command.purpose
    texts, channels = announcement.texts, announcement.channels
    if "texts" in fields:
        texts = _texts(command.texts)
    _check_readable(texts)
    if "channels" in fields:
        channels = tuple(command.channels)
    audience_service.check(audience, purpose, channels, texts)
    values = _placed(audience, purpose) | {"channels": _channels(channels)}
    if "texts" in fields:
        values["content"] = await seal_texts(vault, announcement_id, texts)
    before = _terms(announcement.audience, announcement.purpose, announcement.channels)
    event = events.AnnouncementChanged(
        user_id=_NOBODY,
        announcement_id=str(announcement_id),
        texts="texts" in fields,
        changes=changes(before, _terms(audience, purpose, channels)),
    )
    await _change(db, documents, announcement, values, [event])


async def delete(
    db: AsyncSession, documents: crud.Db, vault: Vault, admin: Principal, announcement_id: UUID
) -> None:
    """Delete a draft. Raises AnnouncementNotFound, AnnouncementNotDraft, DocumentsUnavailable."""
    announcement = await _draft(documents, vault, admin, announcement_id, None)
    terms = _terms(announcement.audience, announcement.purpose, announcement.channels)
    event = events.AnnouncementDeleted(
        user_id=_NOBODY, announcement_id=str(announcement_id), changes=changes(terms, {})
    )
    await _change(
        db, documents, announcement, {"deleted_at": _milliseconds(clock.now()), "content": ""}, [event]
    )


async def send(
    db: AsyncSession,
    documents: crud.Db,
    vault: Vault,
    settings: Settings,
    admin: Principal,
    announcement_id: UUID,
    if_match: str | None,
    command: SendAnnouncement,
) -> None:
    """Show it now or at a time. Nothing is written for any reader.

    Raises AnnouncementNotFound, AnnouncementNotDraft, AnnouncementNotReadable, ResourceChanged, ValidationFailed for a time that has passed, DocumentsUnavailable.
    """
    announcement = await _draft(documents, vault, admin, announcement_id, if_match)
    _check_readable(announcement.texts)
    now = _milliseconds(clock.now())
    asked = command.starts_at or now
    if asked < now - _TOLERANCE:
        raise _past("body.starts_at")
    starts_at = _milliseconds(earliest(announcement.purpose.type, max(asked, now), settings.quiet_times))
    ends_at = _milliseconds(command.ends_at or starts_at + SHOWN_FOR)
    if ends_at <= starts_at:
        raise ValidationFailed(
            errors=[
                field_problem(
                    "body.ends_at",
                    worded("Must be after {start}, when it begins", start=starts_at.isoformat()),
                    "range_invalid",
                )
            ]
        )
    if ends_at > starts_at + LONGEST:
        raise ValidationFailed(
            errors=[field_problem("body.ends_at", "At most a year after its begin", "range_invalid")]
        )
    about = {
        "user_id": _NOBODY,
        "announcement_id": str(announcement_id),
        "audience": announcement.audience.key,
    }
    announced: list[Event] = [
        events.AnnouncementSent(**about, starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat())
    ]
    if starts_at <= now:
        announced.append(events.AnnouncementShown(**about))
    values = {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "sent_by": admin.user_id,
        "announced": starts_at <= now,
        "next_at": starts_at,
        "lease": None,
    }
    await _change(db, documents, announcement, values, announced)


async def cancel(
    db: AsyncSession,
    documents: crud.Db,
    vault: Vault,
    admin: Principal,
    announcement_id: UUID,
    if_match: str | None,
) -> None:
    """Take it out of all inboxes. Raises AnnouncementNotFound, AnnouncementNotSent, AnnouncementAlreadyCancelled, ResourceChanged,
    DocumentsUnavailable."""
    announcement, _ = await get(documents, vault, admin, announcement_id)
    etags.check(if_match, announcement)
    now = _milliseconds(clock.now())
    match announcement.status(now):
        case AnnouncementStatus.DRAFT:
            raise AnnouncementNotSent
        case AnnouncementStatus.CANCELLED:
            raise AnnouncementAlreadyCancelled
        case _:
            event = events.AnnouncementCancelled(user_id=_NOBODY, announcement_id=str(announcement_id))
            await _change(
                db, documents, announcement, {"cancelled_at": now, "next_at": now, "lease": None}, [event]
            )


def _check_readable(texts: Mapping[Language, AnnouncementText]) -> None:
    if not texts:
        raise AnnouncementNotReadable


async def _draft(
    documents: crud.Db, vault: Vault, admin: Principal, announcement_id: UUID, if_match: str | None
) -> Announcement:
    announcement, _ = await get(documents, vault, admin, announcement_id)
    etags.check(if_match, announcement)
    if announcement.starts_at is not None:
        raise AnnouncementNotDraft
    return announcement


async def _change(
    db: AsyncSession,
    documents: crud.Db,
    announcement: Announcement,
    values: dict[str, Any],
    announced: Sequence[Event],
) -> None:
    """Move it on, and announce it. If somebody else did in the meantime, the whole request begins again."""
    carried = [document_events.carry(event) for event in announced]
    await document_events.emit_carried(db, *carried)
    values = {"updated_at": _milliseconds(clock.now())} | values
    with answering(documents):
        if not await crud.change_announcement(
            documents, announcement.announcement_id, announcement.generation, values, carried
        ):
            raise WriteConflict


def _placed(audience: Audience, purpose: AnnouncementPurpose) -> dict[str, Any]:
    return {
        "audience": audience.key,
        "meant_for": plain_audience(audience),
        "operator": audience.operator,
        "purpose": purpose.value,
        "type": purpose.type.value,
    }


def _terms(
    audience: Audience, purpose: AnnouncementPurpose, channels: Iterable[AnnouncementChannel]
) -> dict[str, Any]:
    return {"audience": audience.key, "purpose": purpose.value, "channels": _channels(channels)}


def _channels(channels: Iterable[AnnouncementChannel]) -> list[str]:
    return sorted({channel.value for channel in channels})


def _texts(texts: Mapping[Language, AnnouncementTextBody]) -> dict[Language, AnnouncementText]:
    return {
        language: AnnouncementText(text.title, text.body, text.sms, text.dlt_template)
        for language, text in texts.items()
    }


def _past(field: str) -> ValidationFailed:
    return ValidationFailed(errors=[field_problem(field, "Must be in the future", "instant_invalid")])


def _milliseconds(instant: datetime) -> datetime:
    """As MongoDB keeps it."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
