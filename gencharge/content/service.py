"""Reading content: what is public, and how it looks."""

from __future__ import annotations

from typing import Final, Self

from fastapi import FastAPI
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.content import crud
from gencharge.content.markdown import html_of
from gencharge.content.models import Content, Edition, Picture
from gencharge.content.picture_links import links_of
from gencharge.content.schemas import ContentOut, ContentQuery
from gencharge.content.snapshot import ContentSnapshot, PublicContent, Published
from gencharge.core.http.paging import Page, slice_page
from gencharge.core.rooms import snapshots
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values.language import Language

NAME: Final = "content"


class Contents(snapshots.DocumentsHolder[ContentSnapshot]):
    """The public content that an application holds in memory. Its version is in PostgreSQL, its texts are in MongoDB."""

    name = NAME

    def __init__(self, documents: AsyncDatabase[Document]) -> None:
        super().__init__()
        self._documents = documents

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """A new holder on the application's documents."""
        return cls(app.state.stores.documents)

    async def read(self, version: int) -> ContentSnapshot:
        """All content with a publication. Raises DocumentsUnavailable."""
        return await load(self._documents, version)


async def load(documents: AsyncDatabase[Document], version: int) -> ContentSnapshot:
    """All content with a publication, read from MongoDB. Raises DocumentsUnavailable."""
    with answering(documents):
        contents = [Content.of(document) for document in await crud.list_published(documents)]
        windows = [
            (content, reference.id, begin, end)
            for content in contents
            for number, begin, end in content.windows()
            if (reference := content.edition(number)) is not None
        ]
        editions = {
            document["_id"]: Edition.of(document)
            for document in await crud.list_editions(documents, {window[1] for window in windows})
        }
        shown = {edition.image_id for edition in editions.values() if edition.image_id is not None}
        pictures = {
            document["_id"]: Picture.of(document) for document in await crud.get_pictures(documents, shown)
        }
    return ContentSnapshot(
        version,
        (
            Published(
                content,
                editions[edition_id],
                pictures.get(editions[edition_id].image_id) if editions[edition_id].image_id else None,
                begin,
                end,
            )
            for content, edition_id, begin, end in windows
            if edition_id in editions
        ),
    )


def page_of(public: PublicContent, query: ContentQuery, cdn_base_url: str) -> Page[ContentOut]:
    """A page of what is public, by kind and position. Raises CursorInvalid."""
    items, cursor, total = slice_page(
        [item for item in public.items if query.kind in {None, item.content.kind}],
        query,
        lambda item: (item.content.kind.value, item.content.position, item.content.content_id),
    )
    shown = [shown_as(item, query.language, cdn_base_url) for item in items]
    return Page(items=shown, next_cursor=cursor, total=total)


def shown_as(item: Published, language: Language, cdn_base_url: str) -> ContentOut:
    """Content as everybody reads it."""
    spoken, text = item.edition.text(language)
    return ContentOut(
        slug=item.content.slug,
        kind=item.content.kind,
        language=spoken,
        title=text.title,
        summary=text.summary,
        body=text.body,
        html=html_of(text.body),
        button=text.button,
        link=item.edition.link,
        image=links_of(item.picture, cdn_base_url) if item.picture is not None else None,
        position=item.content.position,
        published_at=item.active_from,
    )
