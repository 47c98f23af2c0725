"""What this room announces: what the staff do with announcements, that one begins to be shown, and that one can't be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementCreated(Event):
    """An admin wrote a draft. The texts are not in the event."""

    announcement_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementChanged(Event):
    """An admin changed a draft. `texts`: whether its texts changed, too; they are not in the event."""

    announcement_id: str
    texts: bool
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementDeleted(Event):
    """An admin deleted a draft."""

    announcement_id: str
    changes: dict[str, dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementSent(Event):
    """An admin sent an announcement: its audience sees it from `starts_at` to `ends_at` (UTC)."""

    announcement_id: str
    audience: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementCancelled(Event):
    """An admin cancelled an announcement: it is in no inbox any more, and nothing more of it goes out."""

    announcement_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementParked(Event):
    """The stored text of an announcement that is due can't be read. `problem`: the code of why; `operator`: of its audience, None: of any."""

    audited: ClassVar[bool] = False

    announcement_id: str
    operator: str | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementShown(Event):
    """An announcement stands in the inboxes of its audience now. It may be named again after a fault."""

    audited: ClassVar[bool] = False

    announcement_id: str
    audience: str
