"""What can go wrong with notifications."""

from __future__ import annotations

from gencharge.core.errors import NotFound


class NoticeTemplateNotFound(NotFound):
    """There is no notice of this kind in this language."""


class NoticeEditionNotFound(NotFound):
    """Edition not found."""


class NotificationNotFound(NotFound):
    """Notification not found."""
