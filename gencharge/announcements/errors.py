"""What can go wrong with announcements."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound


class AnnouncementNotFound(NotFound):
    """Announcement not found."""


class AnnouncementNotDraft(Conflict):
    """This announcement was sent or scheduled. Cancel it, and write another one."""


class AnnouncementNotReadable(Conflict):
    """The stored texts of this announcement can't be read. Give it new ones, or write another one."""


class AnnouncementNotSent(Conflict):
    """This announcement is a draft: there is nothing to cancel."""


class AnnouncementAlreadyCancelled(Conflict):
    """This announcement was cancelled."""
