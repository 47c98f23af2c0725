"""Takes events of announcements out of their documents once they are delivered."""

from __future__ import annotations

from typing import Final

from gencharge.announcements import crud, events
from gencharge.core.events import document_events

ANNOUNCED: Final = document_events.handed_out(
    "announcements.announced",
    crud.ANNOUNCEMENTS,
    (
        events.AnnouncementCreated,
        events.AnnouncementChanged,
        events.AnnouncementDeleted,
        events.AnnouncementSent,
        events.AnnouncementCancelled,
        events.AnnouncementShown,
        events.AnnouncementParked,
    ),
)
