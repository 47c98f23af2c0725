"""Content on the wire, as the staff see it and write it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from gencharge.content.markdown import is_link
from gencharge.content.models import ContentKind, ContentStatus
from gencharge.content.schemas import PictureLinks
from gencharge.core.http.changes import Changes, left_out
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.instants import Instant
from gencharge.core.values.language import Language
from gencharge.core.wording import worded

# Paths of the staff's routes and of pictures begin like a slug.
_RESERVED: Final = frozenset({"admin", "images"})


def _free(slug: str) -> str:
    if slug in _RESERVED:
        raise ValueError(worded("{slug} is the beginning of other addresses", slug=slug))
    return slug


def _leads_somewhere(link: str) -> str:
    if link and not is_link(link):
        raise ValueError("Begins with https://, mailto:, tel: or /, or is empty")
    return link


Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=80,
        description="Its name in addresses.",
        examples=["refund-policy"],
    ),
    AfterValidator(_free),
]
Position = Annotated[int, Field(ge=0, le=100_000, description="Lower comes first.")]


class TextBody(Body):
    """What is said in one language."""

    title: str = Field(min_length=1, max_length=200)
    summary: str = Field(default="", max_length=500)
    body: str = Field(default="", max_length=50_000, description="Markdown. HTML in it is shown as text.")
    button: str = Field(default="", max_length=60, description="The label of `link`.")


class ContentTexts(Body):
    """A edition of content."""

    texts: dict[Language, TextBody] = Field(
        description="By language; English is needed.",
        examples=[{"en": {"title": "How do I recharge?", "body": "Choose a plan, and pay."}}],
    )
    image_id: UUID | None = Field(default=None, description="A picture that was uploaded.")
    link: Annotated[str, AfterValidator(_leads_somewhere)] = Field(
        default="",
        max_length=500,
        description="Where it leads: https, mailto, tel, or a path of the same site.",
    )

    @model_validator(mode="after")
    def _has_english(self) -> ContentTexts:
        if Language.ENGLISH not in self.texts:
            raise ValueError("English (en) is needed; it stands in where another language is missing")
        return self


class ContentCreate(ContentTexts):
    """New content, as a draft."""

    slug: Slug
    kind: ContentKind
    position: Position = 0


class ContentUpdate(Changes):
    """Where content stands."""

    slug: Slug = Field(default_factory=left_out)
    position: Position = Field(default_factory=left_out)


class ContentPublish(Body):
    """Which edition is public from when to when."""

    edition: int | None = Field(default=None, ge=1, description="Empty: the latest.")
    active_from: Instant | None = Field(default=None, description="Empty: now.")
    active_until: Instant | None = Field(
        default=None, description="Empty: until it is replaced or taken off."
    )

    @model_validator(mode="after")
    def _begins_first(self) -> ContentPublish:
        if self.active_from and self.active_until and self.active_until <= self.active_from:
            raise ValueError("active_until is after active_from")
        return self


class StaffContentQuery(PageParams):
    """Which content."""

    kind: ContentKind | None = Field(default=None, description="Only this kind.")


class EditionOut(Out):
    """A edition of content."""

    edition: int
    created_at: datetime
    created_by: UUID


class PublicationOut(Out):
    """When which edition is public."""

    edition: int
    active_from: datetime
    active_until: datetime | None = Field(description="Null: until it is replaced or taken off.")


class StaffContentOut(Versioned):
    """Content as the staff see it, without its texts."""

    content_id: UUID
    slug: str
    kind: ContentKind
    status: ContentStatus
    position: int
    title: str = Field(description="Of the latest edition, in English.")
    latest_edition: int
    publications: list[PublicationOut]
    created_at: datetime
    updated_at: datetime


class TextOut(Out):
    """What is said in one language, as it was written and as it is shown."""

    title: str
    summary: str
    body: str
    button: str
    html: str


class ContentEditionDetail(EditionOut):
    """A edition with its texts: a preview of what it shows."""

    texts: dict[str, TextOut] = Field(description="By language.")
    image: PictureLinks | None
    link: str


class StaffContentDetail(StaffContentOut):
    """Content with all its editions, and the texts of the latest."""

    located_at: ClassVar[str] = "/v1/content/admin/{content_id}"

    editions: list[EditionOut]
    latest: ContentEditionDetail


class PictureOut(PictureLinks):
    """A picture that was uploaded."""

    size_bytes: int = Field(description="Of the whole picture.")
    created_at: datetime
    created_by: UUID


PICTURE_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
            **{
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/jpeg", "image/png", "image/webp", "image/gif")
            },
        },
    }
}
