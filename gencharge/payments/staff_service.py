"""What the staff do with customers' payments: read them, and refund them.

The list is the only query here that names no customer: on a sharded database it asks every shard.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals import service as approvals
from gencharge.approvals.service import ApprovalOut
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import column_of, fetch_bounded_page
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.payments import crud, refunds_crud, service
from gencharge.payments.errors import PaymentNotFound
from gencharge.payments.models import Payment
from gencharge.payments.schemas import RefundOut
from gencharge.payments.staff_schemas import (
    RefundCreate,
    StaffPaymentDetail,
    StaffPaymentPage,
    StaffPaymentQuery,
)
from gencharge.payments.status_checks_service import PAID
from gencharge.payments.views import gateway_event_out, refund_out, staff_payment_out, staff_refund_out
from gencharge.sessions.guards import Action, Resource, permission
from gencharge.users import service as users


async def list_all(db: AsyncSession, query: StaffPaymentQuery) -> StaffPaymentPage:
    """A page of all customers' payments."""

    def matches(entity: type[Payment]) -> list[ColumnElement[bool]]:
        ranges = query.within(column_of(entity.amount), column_of(entity.created_at))
        return [*crud.match_payments(entity, query), *ranges]

    rows, cursor = await fetch_bounded_page(
        db, crud.select_all_payments(query), matches, service.order_of(query.sort), query
    )
    briefs = await users.briefs(db, (row.user_id for row in rows))
    items = [
        staff_payment_out(row, briefs.get(row.user_id), await service.metadata_of(db, row)) for row in rows
    ]
    return StaffPaymentPage(items=items, next_cursor=cursor)


async def get(db: AsyncSession, user_id: UUID, payment_id: UUID) -> StaffPaymentDetail:
    """A customer's payment with its refunds and webhooks. Raises PaymentNotFound."""
    payment = await service.get_payment(db, user_id, payment_id)
    briefs = await users.briefs(db, [user_id])
    refunds = await refunds_crud.list_of_payment(db, user_id=user_id, payment_id=payment_id)
    events = [] if payment.order_id is None else await crud.list_events(db, order_id=payment.order_id)
    refundable = 0
    if payment.status in PAID:
        refundable = payment.amount - await refunds_crud.sum_of_payment(db, payment=payment)
    return StaffPaymentDetail(
        **dict(staff_payment_out(payment, briefs.get(user_id), await service.metadata_of(db, payment))),
        refundable=Money(max(0, refundable)),
        next_check_at=payment.next_check_at,
        refunds=[staff_refund_out(refund) for refund in refunds],
        events=[gateway_event_out(event) for event in events],
    )


async def refund(
    db: AsyncSession,
    admin_id: UUID,
    user_id: UUID,
    payment_id: UUID,
    command: RefundCreate,
    *,
    key: str,
    alone_limit: int,
) -> Answered[RefundOut] | Answered[ApprovalOut]:
    """Refund a payment to its source, once for each key of this admin.

    If the payment's refunds come to more than `alone_limit` rupees with it, it waits for a second admin. Raises as
    `service.refund_to_source`, and ApprovalAlreadyPending.
    """
    scoped_key, request_hash = f"admin:{admin_id}:{key}", fingerprint(command, payment_id)
    payment = await crud.lock_payment(db, user_id=user_id, payment_id=payment_id)
    if payment is None:
        raise PaymentNotFound
    refunded = await refunds_crud.sum_of_payment(db, payment=payment)
    amount = payment.amount - refunded if command.amount is None else command.amount.paise
    is_refundable = payment.status in PAID and 0 < amount <= payment.amount - refunded
    if is_refundable and refunded + amount > alone_limit * 100:
        earlier = await refunds_crud.find(db, user_id=user_id, key=scoped_key)
        if earlier is None:
            return await _propose(db, admin_id, payment, amount, command.reason, key, request_hash)
    begun = await service.refund_to_source(
        db,
        user_id,
        payment_id,
        amount=command.amount,
        key=scoped_key,
        request_hash=request_hash,
        reason=command.reason,
        requested_by=str(admin_id),
    )
    return Answered(refund_out(begun.answer), replayed=begun.replayed)


async def _propose(
    db: AsyncSession,
    admin_id: UUID,
    payment: Payment,
    amount: int,
    reason: str,
    key: str,
    request_hash: bytes,
) -> Answered[ApprovalOut]:
    proposal = approvals.Proposal(
        act=REFUND,
        target=f"payment:{payment.payment_id}",
        summary=worded(
            "Refund Rs {amount} of a payment of Rs {payment} to its source.",
            amount=Money(amount),
            payment=Money(payment.amount),
        ),
        reason=reason,
        payload={
            "user_id": str(payment.user_id),
            "payment_id": str(payment.payment_id),
            "amount": amount,
            "reason": reason,
            "key": f"admin:{admin_id}:{key}",
            "request_hash": request_hash.hex(),
        },
        key=key,
        request_hash=request_hash,
    )
    return await approvals.request(db, admin_id, proposal)


async def _refund_approved(db: AsyncSession, approved: Approved) -> None:
    payload = approved.payload
    await service.refund_to_source(
        db,
        UUID(payload["user_id"]),
        UUID(payload["payment_id"]),
        amount=Money(payload["amount"]),
        key=payload["key"],
        request_hash=bytes.fromhex(payload["request_hash"]),
        reason=payload["reason"],
        requested_by=str(approved.requested_by),
    )


REFUND: Final = Act(
    name="refund_payment", permission=permission(Resource.PAYMENTS, Action.EDIT), run=_refund_approved
)
