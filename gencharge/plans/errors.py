"""What can go wrong with plans."""

from __future__ import annotations

from gencharge.core.errors import Invalid, NotFound


class PlanNotFound(NotFound):
    """There is no such plan."""


class FilterInvalid(Invalid):
    """A filter of the plan list is wrong."""
