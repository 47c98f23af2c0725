"""Adjustments of balances: one admin requests one, a second admin decides. The money moves in the transaction of the
approval, or not at all."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.users import service as users
from gencharge.users.errors import UserNotFound
from gencharge.users.models import User, UserStatus
from gencharge.wallet import adjustments_crud as crud
from gencharge.wallet import service
from gencharge.wallet.adjustment_requests_service import event_fields, request
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
)
from gencharge.wallet.models import Account, Adjustment, AdjustmentDirection, AdjustmentStatus, Code
from gencharge.wallet.staff_schemas import (
    AdjustmentQuery,
    StaffAdjustmentOut,
    StaffAdjustmentPage,
)
from gencharge.wallet.views import staff_adjustment_out

# Requesting one is a file of its own, so that rooms above may do it.
__all__ = ["approve", "cancel", "expire", "get", "list_all", "reject", "request"]


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
    event = AdjustmentApproved(**event_fields(adjustment), changes=_decision(adjustment) | balances)
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
    await emit(db, AdjustmentRejected(**event_fields(adjustment), changes=_decision(adjustment)))
    return await _to_out(db, adjustment)


async def cancel(
    db: AsyncSession, admin_id: UUID, user_id: UUID, adjustment_id: UUID, *, note: str
) -> StaffAdjustmentOut:
    """Cancel one's own request. No money moves.

    Raises AdjustmentNotFound, RequesterOnly, AdjustmentAlreadyDecided, AdjustmentAlreadyExpired.
    """
    status = AdjustmentStatus.CANCELLED
    adjustment = await _decide(db, admin_id, user_id, adjustment_id, status=status, note=note)
    await emit(db, AdjustmentCancelled(**event_fields(adjustment), changes=_decision(adjustment)))
    return await _to_out(db, adjustment)


async def expire(db: AsyncSession, *, limit: int) -> int:
    """Close up to `limit` requests that nobody decided on in time; returns how many."""
    now = clock.now()
    overdue = await crud.expire(db, now=now, limit=limit)
    await emit(db, *(AdjustmentExpired(**event_fields(row), changes=_decision(row)) for row in overdue))
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


def _decision(adjustment: Adjustment) -> dict[str, dict[str, object]]:
    after = {"status": adjustment.status, "decision_note": adjustment.decision_note}
    return changes({"status": AdjustmentStatus.PENDING}, after)
