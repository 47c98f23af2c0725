"""Content on the wire, as everybody reads it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gencharge.content.models import ContentKind
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Out
from gencharge.core.values.language import Language


class ContentQuery(PageParams):
    """Which content."""

    kind: ContentKind | None = Field(default=None, description="Only this kind.")
    language: Language = Field(
        default=Language.ENGLISH, description="The language of the texts; English where a text has no other."
    )


class PictureLinks(Out):
    """Where the forms of a picture are. They never change: a client may keep them for good."""

    image_id: UUID
    alt: str = Field(description="What is to be seen, for those who can't.")
    width: int = Field(description="Pixels of the whole picture.")
    height: int
    url: str = Field(
        description="The whole picture, JPEG or PNG.",
        examples=["/v1/content/images/0198c0de-0000-7000-8000-000000000000/whole.jpg"],
    )
    large_url: str = Field(description="At most 1,280 pixels wide and high, WebP.")
    thumbnail_url: str = Field(description="At most 320 pixels wide and high, WebP.")


class ContentOut(Out):
    """Content as it is shown."""

    slug: str = Field(examples=["refund-policy"])
    kind: ContentKind
    language: Language = Field(description="The language of the texts.")
    title: str
    summary: str
    body: str = Field(description="Markdown.")
    html: str = Field(description="The body as HTML that can be shown as it is.")
    button: str = Field(description="The label of `link`; empty: none.")
    link: str = Field(description="Where it leads; empty: nowhere.")
    image: PictureLinks | None
    position: int = Field(description="Lower comes first.")
    published_at: datetime
