"""What the staff do with customers' payments: read them, and refund them.

The list is the only query here that names no customer: on a sharded database it asks every shard.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import column_of, fetch_bounded_page
from gencharge.core.values.money import Money
from gencharge.payments import crud, refunds_crud, service
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
    items = [staff_payment_out(row, briefs.get(row.user_id)) for row in rows]
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
        **dict(staff_payment_out(payment, briefs.get(user_id))),
        refundable=Money(max(0, refundable)),
        next_check_at=payment.next_check_at,
        refunds=[staff_refund_out(refund) for refund in refunds],
        events=[gateway_event_out(event) for event in events],
    )


async def refund(
    db: AsyncSession, admin_id: UUID, user_id: UUID, payment_id: UUID, command: RefundCreate, *, key: str
) -> Answered[RefundOut]:
    """Refund a payment to its source, once for each key of this admin. Raises as `service.refund_to_source`."""
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
    return Answered(refund_out(begun.answer), replayed=begun.replayed)
