"""Content as the staff see it."""

from __future__ import annotations

from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase

from gencharge.content import crud, staff_service
from gencharge.content.markdown import html_of
from gencharge.content.models import Content, Edition, Picture
from gencharge.content.picture_links import links_of
from gencharge.content.staff_schemas import (
    ContentEditionDetail,
    EditionOut,
    PublicationOut,
    StaffContentDetail,
    StaffContentOut,
    StaffContentQuery,
    TextOut,
)
from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.language import Language

Documents = AsyncDatabase[Document]


async def list_contents(
    documents: Documents, query: StaffContentQuery
) -> tuple[list[StaffContentOut], str | None, int | None]:
    """A page of content, the next page's cursor, and the total if it was asked for.

    Raises CursorInvalid, DocumentsUnavailable.
    """
    conditions: Document = {} if query.kind is None else {"kind": query.kind.value}
    after = None
    if query.cursor is not None:
        kind, position, content_id = decode_cursor(query.cursor, kinds=(str, int, UUID))
        after = (kind, position, content_id)
    with answering(documents):
        read = await crud.list_contents(documents, conditions, after, query.limit + 1)
        contents = [Content.of(document) for document in read[: query.limit]]
        latest = {
            document["_id"]: Edition.of(document)
            for document in await crud.list_editions(documents, [c.editions[-1].id for c in contents])
        }
        total = await crud.count_contents(documents, conditions) if query.include_total else None
    cursor = None
    if len(read) > query.limit:
        last = contents[-1]
        cursor = encode_cursor(last.kind.value, last.position, last.content_id)
    return [_shown(content, latest[content.editions[-1].id]) for content in contents], cursor, total


async def detail(documents: Documents, content: Content, cdn_base_url: str) -> StaffContentDetail:
    """Content with its editions, and the texts of the latest. Raises DocumentsUnavailable."""
    latest = await staff_service.edition_of(documents, content, content.editions[-1].number)
    return StaffContentDetail(
        **vars(_shown(content, latest)),
        editions=[
            EditionOut(edition=v.number, created_at=v.created_at, created_by=v.created_by)
            for v in reversed(content.editions)
        ],
        latest=await _edition(documents, content, content.editions[-1].number, latest, cdn_base_url),
    )


async def edition(
    documents: Documents, content: Content, number: int, cdn_base_url: str
) -> ContentEditionDetail:
    """A edition with its texts. Raises ContentEditionNotFound, DocumentsUnavailable."""
    texts = await staff_service.edition_of(documents, content, number)
    return await _edition(documents, content, number, texts, cdn_base_url)


async def _edition(
    documents: Documents, content: Content, number: int, edition: Edition, cdn_base_url: str
) -> ContentEditionDetail:
    picture = None
    if edition.image_id is not None:
        with answering(documents):
            picture = await crud.get_picture(documents, edition.image_id)
    reference = content.edition(number)
    assert reference is not None
    return ContentEditionDetail(
        edition=number,
        created_at=reference.created_at,
        created_by=reference.created_by,
        texts={
            language.value: TextOut(
                title=text.title,
                summary=text.summary,
                body=text.body,
                button=text.button,
                html=html_of(text.body),
            )
            for language, text in edition.texts.items()
        },
        image=links_of(Picture.of(picture), cdn_base_url) if picture is not None else None,
        link=edition.link,
    )


def _shown(content: Content, latest: Edition) -> StaffContentOut:
    return StaffContentOut(
        etag=content.etag,
        content_id=content.content_id,
        slug=content.slug,
        kind=content.kind,
        status=content.status(clock.now()),
        position=content.position,
        title=latest.texts[Language.ENGLISH].title,
        latest_edition=content.editions[-1].number,
        publications=[
            PublicationOut(edition=number, active_from=begin, active_until=end)
            for number, begin, end in content.windows()
        ],
        created_at=content.created_at,
        updated_at=content.updated_at,
    )
