"""What can go wrong with an admin."""

from __future__ import annotations

from gencharge.core.errors import Forbidden, NotFound


class AdminUnknown(NotFound):
    """There is no such admin."""


class AdminBlocked(Forbidden):
    """This admin account is blocked."""
