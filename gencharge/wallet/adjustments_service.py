"""Corrections of balances: one admin asks, another one decides; only then money moves, with the decision or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
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
from gencharge.users import service as users
from gencharge.users.errors import UserNotFound
from gencharge.users.models import UserBrief, UserStatus
from gencharge.wallet import crud, service
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
from gencharge.wallet.schemas import (
    AdjustmentCreate,
    AdjustmentOut,
    AdjustmentQuery,
    AdjustmentReason,
    StaffAdjustmentOut,
    StaffAdjustmentPage,
)

# How long a request waits for a second admin.
EXPIRES_AFTER: Final = timedelta(days=7)
_UNDECIDED: Final = {
    "status": AdjustmentStatus.PENDING,
    "decided_by": None,
    "decided_at": None,
    "decision_note": None,
}


async def request(
    db: AsyncSession, admin_id: UUID, wanted: AdjustmentCreate, *, key: str
) -> Answered[AdjustmentOut]:
    """Ask for a correction, once for a key of this admin's. No money moves.

    Raises UserNotFound, WalletNotFound, IdempotencyKeyReused.
    """
    now, adjustment_id = clock.now(), new_id()
    request_hash = fingerprint(wanted)
    is_new = await crud.add_adjustment_key(
        db,
        requested_by=admin_id,
        idempotency_key=key,
        request_hash=request_hash,
        user_id=wanted.user_id,
        adjustment_id=adjustment_id,
    )
    if not is_new:
        return await _replay(db, admin_id, key, request_hash)
    await users.get(db, wanted.user_id)
    await service.available(db, wanted.user_id)
    made = Adjustment(
        user_id=wanted.user_id,
        adjustment_id=adjustment_id,
        direction=wanted.direction.value,
        amount=wanted.amount.paise,
        reason=wanted.reason.value,
        note=wanted.note,
        reference=wanted.reference,
        requested_by=admin_id,
        requested_at=now,
        expires_at=now + EXPIRES_AFTER,
        **_UNDECIDED,
    )
    db.add(made)
    await db.flush()
    asked = {"status": made.status, "note": made.note, "reference": made.reference}
    await emit(db, AdjustmentRequested(**_told(made), changes=changes({}, asked)))
    return Answered(AdjustmentOut(**_fields(made)))


async def _replay(db: AsyncSession, admin_id: UUID, key: str, request_hash: bytes) -> Answered[AdjustmentOut]:
    used = await crud.get_adjustment_key(db, admin_id, key)
    assert used is not None, "a key that can't be added is there"
    if used.request_hash != request_hash:
        raise IdempotencyKeyReused
    made = await _get(db, used.user_id, used.adjustment_id)
    # The first answer again, whatever was decided since.
    return Answered(AdjustmentOut(**(_fields(made) | _UNDECIDED)), replayed=True)


async def approve(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str, settings: Settings
) -> StaffAdjustmentOut:
    """Approve another admin's request and move the money, both or neither.

    Raises AdjustmentNotFound, SecondApproverRequired, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired, UserNotFound, WalletNotFound,
    InsufficientBalance, BalanceLimitExceeded. After any of them the request is as it was.
    """
    status = AdjustmentStatus.APPROVED
    decided = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    customer = await crud.lock_customer(db, user_id)
    if customer is None or customer.status == UserStatus.ARCHIVED:
        raise UserNotFound
    amount = Money(decided.amount)
    if decided.direction == AdjustmentDirection.CREDIT:
        limit = service.limits(settings, customer.kyc_tier).balance
        moved = await service.credit(
            db,
            user_id,
            amount,
            source_account=Account.ADJUSTMENT,
            code=Code.ADJUSTMENT,
            key=str(adjustment_id),
            balance_limit=limit,
            reference_id=adjustment_id,
        )
        before = moved.answer.paise - amount.paise
    else:
        moved = await service.debit(
            db,
            user_id,
            amount,
            target_account=Account.ADJUSTMENT,
            code=Code.ADJUSTMENT,
            key=str(adjustment_id),
            reference_id=adjustment_id,
        )
        before = moved.answer.paise + amount.paise
    done = _decision(decided) | changes({"available_paise": before}, {"available_paise": moved.answer.paise})
    await emit(db, AdjustmentApproved(**_told(decided), changes=done))
    return await _shown(db, decided)


async def reject(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str
) -> StaffAdjustmentOut:
    """Refuse another admin's request. Raises AdjustmentNotFound, SecondApproverRequired, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired."""
    status = AdjustmentStatus.REJECTED
    decided = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    await emit(db, AdjustmentRejected(**_told(decided), changes=_decision(decided)))
    return await _shown(db, decided)


async def cancel(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str
) -> StaffAdjustmentOut:
    """Take one's own request back. Raises AdjustmentNotFound, RequesterOnly, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired."""
    status = AdjustmentStatus.CANCELLED
    decided = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    await emit(db, AdjustmentCancelled(**_told(decided), changes=_decision(decided)))
    return await _shown(db, decided)


async def expire(db: AsyncSession, *, limit: int) -> int:
    """Close up to `limit` requests that nobody decided on in time; how many there were."""
    now = clock.now()
    overdue = await crud.lock_overdue_adjustments(db, now, limit)
    for made in overdue:
        made.status = AdjustmentStatus.EXPIRED.value
        made.decided_at = now
    await db.flush()
    await emit(db, *(AdjustmentExpired(**_told(made), changes=_decision(made)) for made in overdue))
    return len(overdue)


async def get(db: AsyncSession, user_id: UUID, adjustment_id: UUID) -> StaffAdjustmentOut:
    """One adjustment of a customer's. Raises AdjustmentNotFound."""
    return await _shown(db, await _get(db, user_id, adjustment_id))


async def list_all(db: AsyncSession, wanted: AdjustmentQuery) -> StaffAdjustmentPage:
    """A page of all customers' adjustments."""
    order = Order(
        column_of(Adjustment.requested_at),
        column_of(Adjustment.adjustment_id),
        descending=wanted.sort == "-requested_at",
    )
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_all_adjustments(wanted),
        lambda seen: crud.match_adjustments(seen, wanted),
        order,
        wanted,
    )
    known = await users.briefs(db, (row.user_id for row in rows))
    items = [StaffAdjustmentOut(**_fields(row), user=known.get(row.user_id)) for row in rows]
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
    """Decide by one conditional UPDATE: of many at the same time one gets the row, the others an error that says why."""
    now = clock.now()
    own = column_of(Adjustment.requested_by) == admin_id
    cancelling = status is AdjustmentStatus.CANCELLED
    decided = await crud.decide_adjustment(
        db,
        user_id,
        adjustment_id,
        own if cancelling else ~own,
        column_of(Adjustment.expires_at) > now,
        status=status.value,
        decided_by=admin_id,
        decided_at=now,
        decision_note=note,
    )
    if decided is not None:
        return decided
    found = await _get(db, user_id, adjustment_id)
    if (found.requested_by == admin_id) is not cancelling:
        raise RequesterOnly if cancelling else SecondApproverRequired
    if found.status != AdjustmentStatus.PENDING:
        raise AdjustmentAlreadyDecided(
            f"This adjustment is already {found.status}.", adjustment_status=found.status
        )
    raise AdjustmentAlreadyExpired


async def _get(db: AsyncSession, user_id: UUID, adjustment_id: UUID) -> Adjustment:
    found = await crud.get_adjustment(db, user_id, adjustment_id)
    if found is None:
        raise AdjustmentNotFound
    return found


async def _shown(db: AsyncSession, row: Adjustment) -> StaffAdjustmentOut:
    known: dict[UUID, UserBrief] = await users.briefs(db, [row.user_id])
    return StaffAdjustmentOut(**_fields(row), user=known.get(row.user_id))


def _fields(row: Adjustment) -> dict[str, Any]:
    return {
        "adjustment_id": row.adjustment_id,
        "user_id": row.user_id,
        "direction": AdjustmentDirection(row.direction),
        "amount": Money(row.amount),
        "reason": AdjustmentReason(row.reason),
        "note": row.note,
        "reference": row.reference,
        "status": AdjustmentStatus(row.status),
        "requested_by": row.requested_by,
        "requested_at": row.requested_at,
        "expires_at": row.expires_at,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "decision_note": row.decision_note,
    }


def _told(row: Adjustment) -> dict[str, Any]:
    """What every event of an adjustment says."""
    return {
        "user_id": str(row.user_id),
        "adjustment_id": str(row.adjustment_id),
        "direction": row.direction,
        "amount_paise": row.amount,
        "reason": row.reason,
    }


def _decision(row: Adjustment) -> dict[str, Any]:
    return changes(
        {"status": AdjustmentStatus.PENDING}, {"status": row.status, "decision_note": row.decision_note}
    )
