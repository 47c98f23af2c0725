"""Requests for adjustments of balances. No money moves before a second admin approves one (`adjustments_service`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.events.events import changes, emit
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.users import service as users
from gencharge.wallet import adjustments_crud as crud
from gencharge.wallet import crud as wallets
from gencharge.wallet.errors import WalletNotFound
from gencharge.wallet.events import AdjustmentRequested
from gencharge.wallet.models import Adjustment, AdjustmentStatus
from gencharge.wallet.staff_schemas import AdjustmentCreate, AdjustmentOut, AdjustmentReason
from gencharge.wallet.views import adjustment_out

__all__ = ["AdjustmentCreate", "AdjustmentReason", "event_fields", "request"]
# How long a request waits for a second admin.
EXPIRES_AFTER: Final = timedelta(days=7)
_UNDECIDED: Final = {
    "status": AdjustmentStatus.PENDING,
    "decided_by": None,
    "decided_at": None,
    "decision_note": None,
}


class EventFields(TypedDict):
    """What every event of an adjustment says."""

    user_id: str
    adjustment_id: str
    direction: str
    amount_paise: int
    reason: str


async def request(
    db: AsyncSession, admin_id: UUID, command: AdjustmentCreate, *, key: str
) -> Answered[AdjustmentOut]:
    """Request an adjustment, once for each key of this admin. No money moves.

    Raises UserNotFound, WalletNotFound, IdempotencyKeyReused.
    """
    now, adjustment_id = clock.now(), new_id()
    request_hash = fingerprint(command)
    is_new = await crud.add_key(
        db,
        requested_by=admin_id,
        idempotency_key=key,
        request_hash=request_hash,
        user_id=command.user_id,
        adjustment_id=adjustment_id,
    )
    if not is_new:
        return await _replay(db, admin_id, key, request_hash)
    await users.get(db, command.user_id)
    if await wallets.get_wallet(db, user_id=command.user_id) is None:
        raise WalletNotFound
    adjustment = Adjustment(
        user_id=command.user_id,
        adjustment_id=adjustment_id,
        direction=command.direction.value,
        amount=command.amount.paise,
        reason=command.reason.value,
        note=command.note,
        reference=command.reference,
        requested_by=admin_id,
        requested_at=now,
        expires_at=now + EXPIRES_AFTER,
        **_UNDECIDED,
    )
    db.add(adjustment)
    await db.flush()
    first = {"status": adjustment.status, "note": adjustment.note, "reference": adjustment.reference}
    await emit(db, AdjustmentRequested(**event_fields(adjustment), changes=changes({}, first)))
    return Answered(adjustment_out(adjustment))


async def _replay(db: AsyncSession, admin_id: UUID, key: str, request_hash: bytes) -> Answered[AdjustmentOut]:
    used = await crud.get_key(db, requested_by=admin_id, idempotency_key=key)
    assert used is not None, "a key that can't be added is there"
    if used.request_hash != request_hash:
        raise IdempotencyKeyReused
    adjustment = await crud.get(db, user_id=used.user_id, adjustment_id=used.adjustment_id)
    assert adjustment is not None, "it was written with its key"
    # The first answer again, whatever was decided since.
    return Answered(adjustment_out(adjustment).model_copy(update=_UNDECIDED), replayed=True)


def event_fields(adjustment: Adjustment) -> EventFields:
    """The fields that every event of an adjustment has."""
    return {
        "user_id": str(adjustment.user_id),
        "adjustment_id": str(adjustment.adjustment_id),
        "direction": adjustment.direction,
        "amount_paise": adjustment.amount,
        "reason": adjustment.reason,
    }
