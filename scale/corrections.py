"""An adjustment of the scale data: one of the staff asked for it, another one decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from gencharge.wallet.models import AdjustmentDirection, AdjustmentStatus
from scale.people import instant

STAFF: Final = "SELECT admin_id FROM admins WHERE status = 'active' ORDER BY admin_id LIMIT 10"
# So long it waits for a decision.
WAITS: Final = timedelta(days=3)
_REASONS: Final = ("goodwill", "failed_recharge", "wrong_amount", "duplicate_charge")
_DECIDED: Final = frozenset({AdjustmentStatus.APPROVED, AdjustmentStatus.REJECTED})


def adjustment_row(
    owner: UUID,
    adjustment_id: UUID,
    direction: AdjustmentDirection,
    amount: int,
    status: AdjustmentStatus,
    *,
    at_ms: int,
    staff: Sequence[UUID],
) -> tuple[Any, ...]:
    """The row of `adjustments`; it was decided on at `at_ms`, unless it is pending: then asked for."""
    asked, decided = staff[at_ms % len(staff)], staff[(at_ms + 1) % len(staff)]
    at = instant(at_ms)
    pending = status is AdjustmentStatus.PENDING
    asked_at = at if pending else at - timedelta(minutes=20)
    if status is AdjustmentStatus.EXPIRED:
        asked_at = at - WAITS
    return (
        owner,
        adjustment_id,
        direction.value,
        amount,
        _REASONS[at_ms % len(_REASONS)],
        "Checked by phone",
        None,
        asked,
        asked_at,
        asked_at + WAITS,
        status.value,
        decided if status in _DECIDED else asked if status is AdjustmentStatus.CANCELLED else None,
        None if pending else at,
        "Checked" if status in _DECIDED else None,
    )
