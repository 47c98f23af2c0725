"""Content in MongoDB: what it is, its editions, and when which of them is public. Instants in UTC, to the millisecond.

`contents` has one document for each piece of content, which every change moves from one `generation` to the next; it names its
editions. `content_editions` has the texts; a edition never changes. A edition that no document names was left by a
request that came second, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from gencharge.core.stores.mongo import Document
from gencharge.core.values.language import Language


class ContentKind(StrEnum):
    """Where content is shown."""

    BANNER = "banner"
    LANDING = "landing"
    FAQ = "faq"
    ABOUT = "about"
    PRIVACY = "privacy"
    TERMS = "terms"
    REFUND_POLICY = "refund_policy"
    SUPPORT = "support"


class ContentStatus(StrEnum):
    """Where content stands at an instant."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Text:
    """What a edition says in one language. `body` is Markdown, `button` the label of the link."""

    title: str
    summary: str
    body: str
    button: str


@dataclass(frozen=True, slots=True)
class EditionRef:
    """A edition, as its content names it."""

    id: UUID
    number: int
    created_at: datetime
    created_by: UUID


@dataclass(frozen=True, slots=True)
class Edition:
    """What was written at one time. English is always there."""

    id: UUID
    texts: Mapping[Language, Text]
    image_id: UUID | None
    link: str

    def text(self, language: Language) -> tuple[Language, Text]:
        """The text in this language, or in English, and which of them it is."""
        if language not in self.texts:
            language = Language.ENGLISH
        return language, self.texts[language]

    @classmethod
    def of(cls, document: Document) -> Edition:
        """The edition of a document."""
        return cls(
            id=document["_id"],
            texts={Language(language): Text(**text) for language, text in document["texts"].items()},
            image_id=document["image_id"],
            link=document["link"],
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """A edition is public from an instant on; until another one or None: until the next publication."""

    number: int
    active_from: datetime
    active_until: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """A piece of content with its history. `generation` counts its changes."""

    content_id: UUID
    slug: str
    kind: ContentKind
    position: int
    editions: tuple[EditionRef, ...]
    # In the order of their beginnings.
    publications: tuple[Publication, ...]
    generation: int
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f"{self.generation:x}"

    def edition(self, number: int) -> EditionRef | None:
        """The edition of this number."""
        return next((edition for edition in self.editions if edition.number == number), None)

    def status(self, instant: datetime) -> ContentStatus:
        """Where it stands at `instant`."""
        windows = list(self.windows())
        if not windows:
            return ContentStatus.DRAFT
        if any(begin <= instant and (end is None or instant < end) for _, begin, end in windows):
            return ContentStatus.PUBLISHED
        return ContentStatus.SCHEDULED if windows[-1][1] > instant else ContentStatus.ENDED

    def windows(self) -> Iterator[tuple[int, datetime, datetime | None]]:
        """Which edition is public from when to when: a publication ends at its own end, or where the next one begins."""
        for position, publication in enumerate(self.publications):
            following = self.publications[position + 1 : position + 2]
            ends = [end for end in (publication.active_until, *(p.active_from for p in following)) if end]
            yield publication.number, publication.active_from, min(ends, default=None)

    @classmethod
    def of(cls, document: Document) -> Content:
        """The content of a document."""
        return cls(
            content_id=document["_id"],
            slug=document["slug"],
            kind=ContentKind(document["kind"]),
            position=document["position"],
            editions=tuple(EditionRef(**edition) for edition in document["editions"]),
            publications=tuple(Publication(**publication) for publication in document["publications"]),
            generation=document["generation"],
            created_at=document["created_at"],
            updated_at=document["updated_at"],
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was uploaded. `form` is the ending of its whole size; the others are WebP."""

    image_id: UUID
    form: str
    width: int
    height: int
    size_bytes: int
    alt: str
    created_at: datetime
    created_by: UUID

    @classmethod
    def of(cls, document: Document) -> Picture:
        """The picture of a document."""
        fields = ("form", "width", "height", "size_bytes", "alt", "created_at", "created_by")
        return cls(image_id=document["_id"], **{name: document[name] for name in fields})
