"""The texts that the staff wrote: what a notice says in a language, edition by edition, and which of them is sent.

Edition 0 is the text that ships with the product. Instants in UTC, to the millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from gencharge.core.stores.mongo import Document
from gencharge.notifications.texts import Texts

SHIPPED: Final = 0
# Older ones are dropped, but for the one that is sent.
MAX_EDITIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Edition:
    """What somebody wrote at one time."""

    number: int
    texts: Texts
    created_at: datetime
    created_by: UUID
    restored_from: int | None


@dataclass(frozen=True, slots=True)
class NoticeTemplate:
    """The editions of a kind in a language, the oldest first. `generation` counts the changes; 0: nobody changed it."""

    kind: str
    language: str
    shipped: Texts
    editions: tuple[Edition, ...] = ()
    published: int = SHIPPED
    generation: int = 0
    updated_at: datetime | None = None

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f"{self.generation + 1:x}"

    @property
    def latest(self) -> int:
        """The number of the latest edition."""
        return self.editions[-1].number if self.editions else SHIPPED

    def texts(self, number: int) -> Texts | None:
        """The texts of an edition; None if there is none of this number any more."""
        if number == SHIPPED:
            return self.shipped
        return next((edition.texts for edition in self.editions if edition.number == number), None)

    @classmethod
    def of(cls, document: Document, shipped: Texts) -> NoticeTemplate:
        """The template of a document."""
        return cls(
            kind=document["kind"],
            language=document["language"],
            shipped=shipped,
            editions=tuple(
                Edition(**{**edition, "texts": Texts(**edition["texts"])}) for edition in document["editions"]
            ),
            published=document["published"],
            generation=document["generation"],
            updated_at=document["updated_at"],
        )


def as_documents(editions: Sequence[Edition], published: int) -> list[Document]:
    """The editions as a document keeps them, without the oldest if there are too many."""
    oldest = len(editions) - MAX_EDITIONS
    return [
        asdict(edition)
        for position, edition in enumerate(editions)
        if position >= oldest or edition.number == published
    ]


class TemplateSnapshot:
    """The texts that the staff published, of one version of them all."""

    def __init__(self, version: int, texts: Mapping[tuple[str, str], Texts]) -> None:
        self.version = version
        self._texts = texts

    def texts(self, kind: str, language: str) -> Texts | None:
        """What the staff published for a kind in a language; None: what ships counts."""
        return self._texts.get((kind, language))
