"""Adjustments of balances: one admin requests one, a second admin decides. The money moves in the transaction of the
approval, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.events.events import changes, emit
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.users import service as users
from gencharge.users.errors import UserNotFound
from gencharge.users.models import User, UserStatus
from gencharge.wallet import adjustments_crud as crud
from gencharge.wallet import service
from gencharge.wallet.errors import (
    AdjustmentAlreadyDecided,
    AdjustmentAlreadyExpired,
    AdjustmentNotFound,
    RequesterOnly,
    SecondApproverRequired,
)
from gencharge.wallet.events import (
    AdjustmentApproved,
    AdjustmentCancelled,
    AdjustmentExpired,
    AdjustmentRejected,
    AdjustmentRequested,
)
from gencharge.wallet.models import Account, Adjustment, AdjustmentDirection, AdjustmentStatus, Code
from gencharge.wallet.staff_schemas import (
    AdjustmentCreate,
    AdjustmentOut,
    AdjustmentQuery,
    StaffAdjustmentOut,
    StaffAdjustmentPage,
)
from gencharge.wallet.views import adjustment_out, staff_adjustment_out

# How long a request waits for a second admin.
EXPIRES_AFTER: Final = timedelta(days=7)
_UNDECIDED: Final = {
    "status": AdjustmentStatus.PENDING,
    "decided_by": None,
    "decided_at": None,
    "decision_note": None,
}


class _EventFields(TypedDict):
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
    await service.available(db, command.user_id)
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
    await emit(db, AdjustmentRequested(**_event_fields(adjustment), changes=changes({}, first)))
    return Answered(adjustment_out(adjustment))


async def _replay(db: AsyncSession, admin_id: UUID, key: str, request_hash: bytes) -> Answered[AdjustmentOut]:
    used = await crud.get_key(db, requested_by=admin_id, idempotency_key=key)
    assert used is not None, "a key that can't be added is there"
    if used.request_hash != request_hash:
        raise IdempotencyKeyReused
    adjustment = await _get(db, used.user_id, used.adjustment_id)
    # The first answer again, whatever was decided since.
    return Answered(adjustment_out(adjustment).model_copy(update=_UNDECIDED), replayed=True)


async def approve(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str, settings: Settings
) -> StaffAdjustmentOut:
    """Approve another admin's request and move the money, both or neither.

    Raises AdjustmentNotFound, SecondApproverRequired, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired, UserNotFound,
    WalletNotFound, InsufficientBalance, BalanceLimitExceeded. After any of them the request is as it was.
    """
    status = AdjustmentStatus.APPROVED
    adjustment = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    customer = await crud.lock_customer(db, user_id=user_id)
    if customer is None or customer.status == UserStatus.ARCHIVED:
        raise UserNotFound
    before, after = await _move(db, adjustment, customer, settings)
    balances = changes({"available_paise": before}, {"available_paise": after})
    event = AdjustmentApproved(**_event_fields(adjustment), changes=_decision(adjustment) | balances)
    await emit(db, event)
    return await _to_out(db, adjustment)


async def _move(
    db: AsyncSession, adjustment: Adjustment, customer: User, settings: Settings
) -> tuple[int, int]:
    """Move the money of an approved adjustment: what could be spent before and after, in paise."""
    amount, key = Money(adjustment.amount), str(adjustment.adjustment_id)
    if adjustment.direction == AdjustmentDirection.CREDIT:
        moved = await service.credit(
            db,
            adjustment.user_id,
            amount,
            source_account=Account.ADJUSTMENT,
            code=Code.ADJUSTMENT,
            key=key,
            balance_limit=service.limits(settings, customer.kyc_tier).balance,
            reference_id=adjustment.adjustment_id,
        )
        return moved.answer.paise - amount.paise, moved.answer.paise
    moved = await service.debit(
        db,
        adjustment.user_id,
        amount,
        target_account=Account.ADJUSTMENT,
        code=Code.ADJUSTMENT,
        key=key,
        reference_id=adjustment.adjustment_id,
    )
    return moved.answer.paise + amount.paise, moved.answer.paise


async def reject(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str
) -> StaffAdjustmentOut:
    """Reject another admin's request. No money moves.

    Raises AdjustmentNotFound, SecondApproverRequired, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired.
    """
    status = AdjustmentStatus.REJECTED
    adjustment = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    await emit(db, AdjustmentRejected(**_event_fields(adjustment), changes=_decision(adjustment)))
    return await _to_out(db, adjustment)


async def cancel(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str
) -> StaffAdjustmentOut:
    """Cancel one's own request. No money moves.

    Raises AdjustmentNotFound, RequesterOnly, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired.
    """
    status = AdjustmentStatus.CANCELLED
    adjustment = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    await emit(db, AdjustmentCancelled(**_event_fields(adjustment), changes=_decision(adjustment)))
    return await _to_out(db, adjustment)


async def expire(db: AsyncSession, *, limit: int) -> int:
    """Close up to `limit` requests that nobody decided on in time; returns how many."""
    now = clock.now()
    overdue = await crud.expire(db, now=now, limit=limit)
    await emit(db, *(AdjustmentExpired(**_event_fields(row), changes=_decision(row)) for row in overdue))
    return len(overdue)


async def get(db: AsyncSession, user_id: UUID, adjustment_id: UUID) -> StaffAdjustmentOut:
    """One adjustment of a customer. Raises AdjustmentNotFound."""
    return await _to_out(db, await _get(db, user_id, adjustment_id))


async def list_all(db: AsyncSession, query: AdjustmentQuery) -> StaffAdjustmentPage:
    """A page of all customers' adjustments."""
    order = Order(
        column_of(Adjustment.requested_at),
        column_of(Adjustment.adjustment_id),
        descending=query.sort == "-requested_at",
    )
    rows, cursor = await fetch_bounded_page(
        db, crud.select_all(query), lambda entity: crud.match(entity, query), order, query
    )
    briefs = await users.briefs(db, (row.user_id for row in rows))
    items = [staff_adjustment_out(row, briefs.get(row.user_id)) for row in rows]
    return StaffAdjustmentPage(items=items, next_cursor=cursor)


async def _decide(
    db: AsyncSession,
    admin_id: UUID,
    user_id: UUID,
    adjustment_id: UUID,
    *,
    status: AdjustmentStatus,
    note: str,
) -> Adjustment:
    """Decide by one conditional UPDATE: of many calls at once one gets the row, the others an error that says why."""
    decided = await crud.decide(
        db,
        user_id=user_id,
        adjustment_id=adjustment_id,
        admin_id=admin_id,
        status=status,
        note=note,
        now=clock.now(),
    )
    if decided is not None:
        return decided
    adjustment = await _get(db, user_id, adjustment_id)
    cancelling = status is AdjustmentStatus.CANCELLED
    if (adjustment.requested_by == admin_id) is not cancelling:
        raise RequesterOnly if cancelling else SecondApproverRequired
    if adjustment.status != AdjustmentStatus.PENDING:
        raise AdjustmentAlreadyDecided(
            worded("This adjustment is already {status}.", status=adjustment.status),
            adjustment_status=adjustment.status,
        )
    raise AdjustmentAlreadyExpired


async def _get(db: AsyncSession, user_id: UUID, adjustment_id: UUID) -> Adjustment:
    adjustment = await crud.get(db, user_id=user_id, adjustment_id=adjustment_id)
    if adjustment is None:
        raise AdjustmentNotFound
    return adjustment


async def _to_out(db: AsyncSession, adjustment: Adjustment) -> StaffAdjustmentOut:
    briefs = await users.briefs(db, [adjustment.user_id])
    return staff_adjustment_out(adjustment, briefs.get(adjustment.user_id))


def _event_fields(adjustment: Adjustment) -> _EventFields:
    return {
        "user_id": str(adjustment.user_id),
        "adjustment_id": str(adjustment.adjustment_id),
        "direction": adjustment.direction,
        "amount_paise": adjustment.amount,
        "reason": adjustment.reason,
    }


def _decision(adjustment: Adjustment) -> dict[str, dict[str, object]]:
    after = {"status": adjustment.status, "decision_note": adjustment.decision_note}
    return changes({"status": AdjustmentStatus.PENDING}, after)
