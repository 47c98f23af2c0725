"""What the velocity rules answer."""

from __future__ import annotations

from typing import Any

from gencharge.core.errors import NotFound, Problem, TooManyRequests


class VelocityLimitExceeded(TooManyRequests):
    """This payment is above a limit that protects your money. Nothing was charged."""

    def __init__(self, detail: str, *, rule: str, retry_after_seconds: int | None, **extra: Any) -> None:
        """`retry_after_seconds` None: no waiting helps, because the amount alone is too large."""
        if retry_after_seconds is None:
            Problem.__init__(self, detail, rule=rule, **extra)
        else:
            super().__init__(detail, retry_after_seconds=retry_after_seconds, rule=rule, **extra)


class VelocityAllowanceNotFound(NotFound):
    """Allowance not found, or it has ended."""
