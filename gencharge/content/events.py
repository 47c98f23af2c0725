"""What happens to content. The texts themselves are in its editions."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentCreated(Event):
    """An admin created content, as a draft."""

    content_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentChanged(Event):
    """An admin changed where content stands."""

    content_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentWritten(Event):
    """An admin wrote a edition. `restored_from`: the edition whose texts it has; None: new ones."""

    content_id: str
    edition: int
    languages: list[str]
    restored_from: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentPublished(Event):
    """An admin published a edition, from an instant (UTC, RFC 3339) on."""

    content_id: str
    edition: int
    active_from: str
    active_until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentUnpublished(Event):
    """An admin took content off the public pages, and what was scheduled with it."""

    content_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentDeleted(Event):
    """An admin deleted content."""

    content_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureUploaded(Event):
    """An admin uploaded a picture, which is kept in forms of our own."""

    image_id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDeleted(Event):
    """An admin deleted a picture; its files go with this event."""

    image_id: str
