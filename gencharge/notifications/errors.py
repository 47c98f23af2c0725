"""What can go wrong with notifications."""

from __future__ import annotations

from gencharge.core.errors import NotFound


class NotificationNotFound(NotFound):
    """Notification not found."""
