"""Sending refunds to the gateway, and checking their state there.

A refund's own id is its receipt and its idempotency key at the gateway, so sending it twice refunds once. A claim counts
as an attempt: after a crash, the next attempt looks for the receipt before it sends anything.
"""

from __future__ import annotations

from gencharge.core import faultpoints, telemetry
from gencharge.payments import queue_crud, refunds_crud, refusals
from gencharge.payments.context import PaymentContext
from gencharge.payments.gateway import CallFailed, CallRefused, GatewayRefund
from gencharge.payments.models import Refund, RefundStatus

log = telemetry.get_logger(__name__)


async def advance(context: PaymentContext, refund: Refund) -> None:
    """Send a claimed refund, or check its state, and apply the gateway's answer."""
    try:
        answer = await _find(context, refund)
        await faultpoints.point("refund.begun")
        if answer is None:
            answer = await context.gateway.refund(
                refund.gateway_payment_id, receipt=str(refund.refund_id), amount=refund.amount
            )
    except CallRefused as error:
        await _refused(context, refund, error.reason)
    except CallFailed as error:
        log.warning("refund_unclear", refund_id=str(refund.refund_id), reason=error.reason)
        await _later(context, refund, reason=refund.failure_reason)
    else:
        await faultpoints.point("refund.come")
        await _apply(context, refund, answer)


async def _find(context: PaymentContext, refund: Refund) -> GatewayRefund | None:
    """The gateway's refund under our receipt, or None. Before the first attempt there is none."""
    if refund.gateway_refund_id is not None:
        return await context.gateway.fetch_refund(refund.gateway_refund_id)
    return None if refund.attempts <= 1 else await _by_receipt(context, refund)


async def _by_receipt(context: PaymentContext, refund: Refund) -> GatewayRefund | None:
    for other in await context.gateway.fetch_refunds(refund.gateway_payment_id):
        if other.receipt == str(refund.refund_id):
            return other
    return None


async def _refused(context: PaymentContext, refund: Refund, reason: str) -> None:
    """The gateway refused. If it did so because it has the refund already, that one counts."""
    try:
        existing = None if refund.gateway_refund_id is not None else await _by_receipt(context, refund)
    except CallFailed:
        await _later(context, refund, reason=refund.failure_reason)
        return
    if existing is not None:
        await _apply(context, refund, existing)
    elif refund.gateway_refund_id is not None:
        # The status check was refused, not the refund.
        await _later(context, refund, reason=refund.failure_reason)
    elif not refusals.is_proof(refund.attempts, refund.failure_reason):
        await _later(context, refund, reason=refusals.refused_at(refund.attempts))
    else:
        await _end(context, refund, paid=False, gateway_refund_id=None, reason=reason)


async def _apply(context: PaymentContext, refund: Refund, answer: GatewayRefund) -> None:
    expected = (str(refund.refund_id), refund.gateway_payment_id, refund.amount)
    if (answer.receipt, answer.gateway_payment_id, answer.amount) != expected:
        log.error(
            "refund_differs", refund_id=str(refund.refund_id), gateway_refund_id=answer.gateway_refund_id
        )
        await _later(context, refund, reason="refund_differs")
    elif answer.status in {"processed", "failed"}:
        paid = answer.status == "processed"
        reason = None if paid else "refund_failed"
        await _end(context, refund, paid=paid, gateway_refund_id=answer.gateway_refund_id, reason=reason)
    else:
        await _later(context, refund, reason=None, gateway_refund_id=answer.gateway_refund_id)


async def _end(
    context: PaymentContext, refund: Refund, *, paid: bool, gateway_refund_id: str | None, reason: str | None
) -> None:
    outcome = await context.database.run(
        lambda db: refunds_crud.end(
            db,
            user_id=refund.user_id,
            refund_id=refund.refund_id,
            paid=paid,
            gateway_refund_id=gateway_refund_id,
            reason=reason,
        )
    )
    await faultpoints.point("refund.committed")
    log.info("refund_ended", refund_id=str(refund.refund_id), outcome=outcome.value)


async def _later(
    context: PaymentContext, refund: Refund, *, reason: str | None, gateway_refund_id: str | None = None
) -> None:
    gateway_refund_id = gateway_refund_id or refund.gateway_refund_id
    pauses = context.settings.payment_check_seconds
    await context.database.run(
        lambda db: queue_crud.refund_later(
            db,
            user_id=refund.user_id,
            refund_id=refund.refund_id,
            seconds=pauses[min(refund.attempts, len(pauses)) - 1],
            status=RefundStatus.PROCESSING if gateway_refund_id else RefundStatus.CREATED,
            reason=reason,
            gateway_refund_id=gateway_refund_id,
        )
    )
