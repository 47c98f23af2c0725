"""What can go wrong with plans."""

from __future__ import annotations

from gencharge.core.errors import NotFound


class PlanNotFound(NotFound):
    """There is no such plan."""
