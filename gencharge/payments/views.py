"""How payments and refunds are shown."""

from __future__ import annotations

from gencharge.core.values.money import Money
from gencharge.payments.models import (
    GatewayEvent,
    Payment,
    PaymentPurpose,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from gencharge.payments.schemas import PaymentOut, RefundOut
from gencharge.payments.staff_schemas import GatewayEventOut, StaffPaymentOut, StaffRefundOut
from gencharge.users.models import UserBrief


def payment_out(payment: Payment, metadata: dict[str, str] | None = None) -> PaymentOut:
    """A payment as its customer sees it. `metadata`: what the customer noted."""
    return PaymentOut(
        payment_id=payment.payment_id,
        purpose=PaymentPurpose(payment.purpose),
        recharge_id=payment.reference_id,
        amount=Money(payment.amount),
        currency=payment.currency,
        payment_method=payment.method,
        source=payment.source,
        status=PaymentStatus(payment.status),
        failure_reason=payment.failure_reason,
        refunded_amount=Money(payment.refunded_amount),
        reference=payment.caller_reference,
        metadata=metadata,
        created_at=payment.created_at,
        captured_at=payment.captured_at,
    )


def staff_payment_out(
    payment: Payment, user: UserBrief | None, metadata: dict[str, str] | None = None
) -> StaffPaymentOut:
    """A payment as the staff see it."""
    return StaffPaymentOut(
        **dict(payment_out(payment, metadata)),
        user_id=payment.user_id,
        user=user,
        order_id=payment.order_id,
        gateway=payment.gateway,
        gateway_payment_id=payment.gateway_payment_id,
        bank_reference=payment.bank_reference,
    )


def refund_out(refund: Refund) -> RefundOut:
    """A refund as the customer sees it."""
    return RefundOut(
        refund_id=refund.refund_id,
        amount=Money(refund.amount),
        status=RefundStatus(refund.status),
        reason=refund.reason,
        failure_reason=refund.failure_reason,
        created_at=refund.created_at,
        completed_at=refund.completed_at,
    )


def staff_refund_out(refund: Refund) -> StaffRefundOut:
    """A refund as the staff see it."""
    return StaffRefundOut(
        **dict(refund_out(refund)),
        gateway_payment_id=refund.gateway_payment_id,
        gateway_refund_id=refund.gateway_refund_id,
        from_account=refund.from_account,
        requested_by=refund.requested_by,
        attempts=refund.attempts,
        next_attempt_at=refund.next_attempt_at,
    )


def gateway_event_out(event: GatewayEvent) -> GatewayEventOut:
    """A webhook as the staff see it."""
    return GatewayEventOut(
        gateway_event_id=event.event_id,
        kind=event.kind,
        received_at=event.received_at,
        outcome=event.outcome,
        attempts=event.attempts,
    )
