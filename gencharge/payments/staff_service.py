"""What customers and the staff read about payments.

The staff's list is the only query here that names no customer: on a sharded database it asks every shard.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import Order, column_of, fetch_bounded_page, fetch_page
from gencharge.core.values.money import Money
from gencharge.payments import crud, service
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import PaymentNotFound
from gencharge.payments.models import Payment, PaymentPurpose, PaymentStatus, Refund, RefundStatus
from gencharge.payments.schemas import (
    GatewayEventOut,
    PaymentDetail,
    PaymentOut,
    PaymentPage,
    PaymentQuery,
    RefundCreate,
    RefundOut,
    StaffPaymentDetail,
    StaffPaymentOut,
    StaffPaymentPage,
    StaffPaymentQuery,
    StaffRefundOut,
)
from gencharge.payments.status_checks_service import PAID
from gencharge.users import service as users
from gencharge.users.models import UserBrief

_OPEN: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.FAILED})


async def list_mine(db: AsyncSession, user_id: UUID, wanted: PaymentQuery) -> PaymentPage:
    """A page of the customer's payments."""
    rows, cursor, total = await fetch_page(db, crud.select_payments(user_id, wanted), _order(wanted), wanted)
    return PaymentPage(items=[PaymentOut(**_fields(row)) for row in rows], next_cursor=cursor, total=total)


async def get_mine(
    db: AsyncSession, context: PaymentContext, user_id: UUID, payment_id: UUID
) -> PaymentDetail:
    """One payment of the customer's with its refunds. Raises PaymentNotFound, also for another's."""
    row = await _get(db, user_id, payment_id)
    payable = row.order_id is not None and row.status in _OPEN
    return PaymentDetail(
        **_fields(row),
        order_id=row.order_id,
        key_id=context.gateway.key_id,
        checkout_url=context.checkout_url(row.order_id) if payable and row.order_id else None,
        refunds=[RefundOut(**refund_fields(each)) for each in await _refunds(db, row)],
    )


async def list_all(db: AsyncSession, wanted: StaffPaymentQuery) -> StaffPaymentPage:
    """A page of all customers' payments."""

    def matches(seen: Any) -> list[Any]:
        return [*crud.match_payments(seen, wanted), *wanted.within(seen.amount, seen.created_at)]

    rows, cursor = await fetch_bounded_page(
        db, crud.select_all_payments(wanted), matches, _order(wanted), wanted
    )
    known = await users.briefs(db, (row.user_id for row in rows))
    items = [StaffPaymentOut(**_staff_fields(row, known)) for row in rows]
    return StaffPaymentPage(items=items, next_cursor=cursor)


async def get_any(db: AsyncSession, user_id: UUID, payment_id: UUID) -> StaffPaymentDetail:
    """One payment of a customer's, with all that is known of it. Raises PaymentNotFound."""
    row = await _get(db, user_id, payment_id)
    events = await crud.list_events(db, row.order_id) if row.order_id is not None else ()
    left = row.amount - await crud.sum_refunds(db, row) if row.status in PAID else 0
    return StaffPaymentDetail(
        **_staff_fields(row, await users.briefs(db, [user_id])),
        refundable=Money(max(0, left)),
        next_check_at=row.next_check_at,
        refunds=[
            StaffRefundOut(
                **refund_fields(each),
                gateway_payment_id=each.gateway_payment_id,
                gateway_refund_id=each.gateway_refund_id,
                from_account=each.from_account,
                requested_by=each.requested_by,
                attempts=each.attempts,
                next_attempt_at=each.next_attempt_at,
            )
            for each in await _refunds(db, row)
        ],
        events=[
            GatewayEventOut(
                gateway_event_id=each.event_id,
                kind=each.kind,
                received_at=each.received_at,
                outcome=each.outcome,
                attempts=each.attempts,
            )
            for each in events
        ],
    )


async def refund(
    db: AsyncSession, admin_id: UUID, user_id: UUID, payment_id: UUID, command: RefundCreate, *, key: str
) -> Answered[RefundOut]:
    """Send money of a payment back to its source, once for a key of this admin. Raises as `service.refund_to_source`."""
    begun = await service.refund_to_source(
        db,
        user_id,
        payment_id,
        amount=command.amount,
        key=f"admin:{admin_id}:{key}",
        request_hash=fingerprint(command, payment_id),
        reason=command.reason,
        requested_by=str(admin_id),
    )
    return Answered(RefundOut(**refund_fields(begun.answer)), replayed=begun.replayed)


def _order(wanted: PaymentQuery | StaffPaymentQuery) -> Order:
    return Order(
        column_of(Payment.created_at),
        column_of(Payment.payment_id),
        descending=wanted.sort == "-created_at",
    )


async def _get(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Payment:
    found = await crud.get_payment(db, user_id, payment_id)
    if found is None:
        raise PaymentNotFound
    return found


async def _refunds(db: AsyncSession, row: Payment) -> Iterable[Refund]:
    return await crud.list_refunds(db, row.user_id, row.payment_id)


def refund_fields(row: Refund) -> dict[str, Any]:
    """A refund as the customer sees it: the fields of RefundOut."""
    return {
        "refund_id": row.refund_id,
        "amount": Money(row.amount),
        "status": RefundStatus(row.status),
        "reason": row.reason,
        "failure_reason": row.failure_reason,
        "created_at": row.created_at,
        "completed_at": row.completed_at,
    }


def _fields(row: Payment) -> dict[str, Any]:
    return {
        "payment_id": row.payment_id,
        "purpose": PaymentPurpose(row.purpose),
        "recharge_id": row.reference_id,
        "amount": Money(row.amount),
        "currency": row.currency,
        "payment_method": row.method,
        "source": row.source,
        "status": PaymentStatus(row.status),
        "failure_reason": row.failure_reason,
        "refunded_amount": Money(row.refunded_amount),
        "created_at": row.created_at,
        "captured_at": row.captured_at,
    }


def _staff_fields(row: Payment, known: dict[UUID, UserBrief]) -> dict[str, Any]:
    return {
        **_fields(row),
        "user_id": row.user_id,
        "user": known.get(row.user_id),
        "order_id": row.order_id,
        "gateway": row.gateway,
        "gateway_payment_id": row.gateway_payment_id,
    }
