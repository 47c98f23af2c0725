"""What the staff do with content. Each change moves it one generation on, is announced, and refreshes every process."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.content import crud, events
from gencharge.content.errors import (
    ContentAlreadyExists,
    ContentEditionNotFound,
    ContentNotFound,
    ContentPictureInvalid,
)
from gencharge.content.models import Content, Edition, EditionRef, Publication
from gencharge.content.service import NAME
from gencharge.content.staff_schemas import ContentCreate, ContentPublish, ContentTexts, ContentUpdate
from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events import document_events
from gencharge.core.events.events import Event, changes
from gencharge.core.http import etags
from gencharge.core.postgres.database import WriteConflict
from gencharge.core.rooms import snapshots
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id

Documents = AsyncDatabase[Document]
_NOBODY = str(SYSTEM_USER_ID)


async def get(documents: Documents, content_id: UUID) -> Content:
    """Content with its history. Raises ContentNotFound, DocumentsUnavailable."""
    with answering(documents):
        document = await crud.get_content(documents, content_id)
    if document is None:
        raise ContentNotFound
    return Content.of(document)


async def create(db: AsyncSession, documents: Documents, admin_id: UUID, command: ContentCreate) -> Content:
    """A draft. Raises ContentAlreadyExists, ContentPictureInvalid, DocumentsUnavailable."""
    now, content_id = _now(), new_id()
    reference = EditionRef(id=new_id(), number=1, created_at=now, created_by=admin_id)
    place = {"slug": command.slug, "kind": command.kind.value, "position": command.position}
    carried = document_events.carry(
        events.ContentCreated(user_id=_NOBODY, content_id=str(content_id), changes=changes({}, place))
    )
    await document_events.emit_carried(db, carried)
    document = {
        "_id": content_id,
        **place,
        "editions": [_named(reference)],
        "publications": [],
        "generation": 1,
        "created_at": now,
        "updated_at": now,
        "is_deleted": False,
        document_events.FIELD: [carried],
    }
    with answering(documents):
        await _check_picture(documents, command.image_id)
        await crud.add_edition(documents, _edition(reference, content_id, command))
        if not await crud.add_content(documents, document):
            raise ContentAlreadyExists
    return Content.of(document)


async def update(
    db: AsyncSession, documents: Documents, content_id: UUID, if_match: str | None, command: ContentUpdate
) -> Content:
    """Another slug or position. Raises ContentNotFound, ContentAlreadyExists, ResourceChanged, DocumentsUnavailable."""
    content = await _matching(documents, content_id, if_match)
    values = command.model_dump(exclude_unset=True)
    before = {name: getattr(content, name) for name in values}
    event = events.ContentChanged(
        user_id=_NOBODY, content_id=str(content_id), changes=changes(before, values)
    )
    return await _change(db, documents, content, values, event)


async def write(
    db: AsyncSession,
    documents: Documents,
    admin_id: UUID,
    content_id: UUID,
    if_match: str | None,
    command: ContentTexts,
) -> Content:
    """A new edition. What is public stays. Raises ContentNotFound, ContentPictureInvalid, ResourceChanged, DocumentsUnavailable."""
    content = await _matching(documents, content_id, if_match)
    reference = _next_edition(content, admin_id)
    with answering(documents):
        await _check_picture(documents, command.image_id)
        await crud.add_edition(documents, _edition(reference, content_id, command))
    return await _written(db, documents, content, reference, sorted(command.texts), None)


async def restore(
    db: AsyncSession,
    documents: Documents,
    admin_id: UUID,
    content_id: UUID,
    number: int,
    if_match: str | None,
) -> Content:
    """A new edition that says what an earlier one said.

    Raises ContentNotFound, ContentEditionNotFound, ResourceChanged, DocumentsUnavailable.
    """
    content = await _matching(documents, content_id, if_match)
    earlier = await _document_of(documents, content, number)
    reference = _next_edition(content, admin_id)
    with answering(documents):
        await crud.add_edition(documents, earlier | _named(reference, "_id") | {"content_id": content_id})
    return await _written(db, documents, content, reference, sorted(earlier["texts"]), number)


async def publish(
    db: AsyncSession, documents: Documents, content_id: UUID, if_match: str | None, command: ContentPublish
) -> Content:
    """Make a edition public from an instant on. What was scheduled from then on gives way; what is public until then stays.

    Raises ContentNotFound, ContentEditionNotFound, ValidationFailed for an end that has passed, ResourceChanged, DocumentsUnavailable.
    """
    content = await _matching(documents, content_id, if_match)
    number = command.edition or content.editions[-1].number
    if content.edition(number) is None:
        raise ContentEditionNotFound
    now = _now()
    begin = max(_milliseconds(command.active_from), now) if command.active_from else now
    end = _milliseconds(command.active_until) if command.active_until else None
    if end is not None and end <= begin:
        ahead = field_problem("body.active_until", "Must lie ahead", "active_until_invalid")
        raise ValidationFailed(errors=[ahead])
    publications = [
        *(p for p in content.publications if p.active_from < begin and not _is_over(content, p, now)),
        Publication(number=number, active_from=begin, active_until=end),
    ]
    event = events.ContentPublished(
        user_id=_NOBODY,
        content_id=str(content_id),
        edition=number,
        active_from=begin.isoformat(),
        active_until=end.isoformat() if end else None,
    )
    return await _change(db, documents, content, {"publications": [_plain(p) for p in publications]}, event)


async def unpublish(
    db: AsyncSession, documents: Documents, content_id: UUID, if_match: str | None
) -> Content:
    """Take it off the public pages, with what was scheduled. Raises ContentNotFound, ResourceChanged, DocumentsUnavailable."""
    content = await _matching(documents, content_id, if_match)
    event = events.ContentUnpublished(user_id=_NOBODY, content_id=str(content_id))
    return await _change(db, documents, content, {"publications": []}, event)


async def delete(db: AsyncSession, documents: Documents, content_id: UUID) -> None:
    """Delete it for good. Raises ContentNotFound, DocumentsUnavailable."""
    content = await get(documents, content_id)
    place = {"slug": content.slug, "kind": content.kind, "position": content.position}
    event = events.ContentDeleted(user_id=_NOBODY, content_id=str(content_id), changes=changes(place, {}))
    await _change(db, documents, content, {"is_deleted": True}, event)


async def edition_of(documents: Documents, content: Content, number: int) -> Edition:
    """The texts of a edition. Raises ContentEditionNotFound, DocumentsUnavailable."""
    return Edition.of(await _document_of(documents, content, number))


async def _document_of(documents: Documents, content: Content, number: int) -> Document:
    reference = content.edition(number)
    if reference is None:
        raise ContentEditionNotFound
    with answering(documents):
        return (await crud.list_editions(documents, [reference.id]))[0]


async def _matching(documents: Documents, content_id: UUID, if_match: str | None) -> Content:
    content = await get(documents, content_id)
    etags.check(if_match, content)
    return content


async def _change(
    db: AsyncSession, documents: Documents, content: Content, values: dict[str, Any], event: Event
) -> Content:
    """Move the content on, and announce it. If somebody else did in the meantime, the whole request begins again."""
    carried = document_events.carry(event)
    await document_events.emit_carried(db, carried)
    await snapshots.bump(db, NAME)
    values = values | {"updated_at": _now()}
    with answering(documents):
        try:
            is_changed = await crud.change_content(
                documents, content.content_id, content.generation, values, carried
            )
        except DuplicateKeyError:
            raise ContentAlreadyExists from None
    if not is_changed:
        raise WriteConflict
    if values.get("is_deleted"):
        return content
    return await get(documents, content.content_id)


async def _written(
    db: AsyncSession,
    documents: Documents,
    content: Content,
    reference: EditionRef,
    languages: list[Any],
    restored_from: int | None,
) -> Content:
    event = events.ContentWritten(
        user_id=_NOBODY,
        content_id=str(content.content_id),
        edition=reference.number,
        languages=[str(language) for language in languages],
        restored_from=restored_from,
    )
    editions = [_named(edition) for edition in (*content.editions, reference)]
    return await _change(db, documents, content, {"editions": editions}, event)


async def _check_picture(documents: Documents, image_id: UUID | None) -> None:
    if image_id is not None and await crud.get_picture(documents, image_id) is None:
        raise ContentPictureInvalid


def _next_edition(content: Content, admin_id: UUID) -> EditionRef:
    number = content.editions[-1].number + 1
    return EditionRef(id=new_id(), number=number, created_at=_now(), created_by=admin_id)


def _is_over(content: Content, publication: Publication, now: datetime) -> bool:
    ends = {begin: end for _, begin, end in content.windows()}
    end = ends[publication.active_from]
    return end is not None and end <= now


def _edition(reference: EditionRef, content_id: UUID, command: ContentTexts) -> Document:
    return {
        **_named(reference, "_id"),
        "content_id": content_id,
        "texts": {language.value: text.model_dump() for language, text in command.texts.items()},
        "image_id": command.image_id,
        "link": command.link,
    }


def _named(reference: EditionRef, key: str = "id") -> Document:
    return {
        key: reference.id,
        "number": reference.number,
        "created_at": reference.created_at,
        "created_by": reference.created_by,
    }


def _plain(publication: Publication) -> Document:
    return {
        "number": publication.number,
        "active_from": publication.active_from,
        "active_until": publication.active_until,
    }


def _now() -> datetime:
    return _milliseconds(clock.now())


def _milliseconds(instant: datetime) -> datetime:
    """As MongoDB keeps it."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
