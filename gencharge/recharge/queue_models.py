"""How a change of a number's queue ended."""

from __future__ import annotations

from enum import StrEnum


class CancelOutcome(StrEnum):
    """What cancelling a queued plan changed."""

    CANCELLED = "cancelled"
    NOT_QUEUED = "not_queued"  # it runs, is over, or waits for its operator
    NOT_FOUND = "not_found"


class StartOutcome(StrEnum):
    """What starting a queued plan changed."""

    STARTED = "started"
    ALREADY = "already"
    WOULD_REPLACE = "would_replace"  # another base plan runs than the one that was named
    NOT_QUEUED = "not_queued"
    NOT_FOUND = "not_found"
