"""Sending refunds to the gateway, and asking what became of them.

A refund's own id is its receipt and its idempotency key at the gateway, so sending it twice refunds once. An attempt
counts from the moment when it is claimed: whoever takes a refund up after a crash looks for the receipt first.
"""

from __future__ import annotations

from typing import Final

from gencharge.core import faultpoints, telemetry
from gencharge.payments import crud, queue_crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.gateway import CallFailed, CallRefused, GatewayRefund
from gencharge.payments.models import Refund, RefundStatus

# Marks a refund that the gateway refused after an attempt whose end is not known.
REFUSED_ONCE: Final = "refused_once"
log = telemetry.get_logger(__name__)


async def advance(context: PaymentContext, refund: Refund) -> None:
    """Send a refund that was claimed, or ask about it, and let the answer count."""
    try:
        found = await _find(context, refund)
        await faultpoints.point("refund.begun")
        if found is None:
            found = await context.gateway.refund(
                refund.gateway_payment_id, receipt=str(refund.refund_id), amount=refund.amount
            )
    except CallRefused as error:
        await _refused(context, refund, error.reason)
    except CallFailed as error:
        log.warning("refund_unclear", refund_id=str(refund.refund_id), reason=error.reason)
        await _later(context, refund, reason=refund.failure_reason)
    else:
        await faultpoints.point("refund.come")
        await _apply(context, refund, found)


async def _find(context: PaymentContext, refund: Refund) -> GatewayRefund | None:
    """What the gateway has under our receipt; None where it has nothing. The first attempt has nothing to find."""
    if refund.gateway_refund_id is not None:
        return await context.gateway.fetch_refund(refund.gateway_refund_id)
    return None if refund.attempts <= 1 else await _by_receipt(context, refund)


async def _by_receipt(context: PaymentContext, refund: Refund) -> GatewayRefund | None:
    for each in await context.gateway.fetch_refunds(refund.gateway_payment_id):
        if each.receipt == str(refund.refund_id):
            return each
    return None


async def _refused(context: PaymentContext, refund: Refund, reason: str) -> None:
    """The gateway says no. It may say so because it has the refund already: then that counts.

    After an attempt whose end is not known, one refusal is no proof: that attempt may still be on its way.
    """
    try:
        found = None if refund.gateway_refund_id is not None else await _by_receipt(context, refund)
    except CallFailed:
        await _later(context, refund, reason=refund.failure_reason)
        return
    if found is not None:
        await _apply(context, refund, found)
    elif refund.gateway_refund_id is not None:
        # A question was refused, and not the refund.
        await _later(context, refund, reason=refund.failure_reason)
    elif refund.attempts > 1 and refund.failure_reason != REFUSED_ONCE:
        await _later(context, refund, reason=REFUSED_ONCE)
    else:
        await _end(context, refund, paid=False, gateway_refund_id=None, reason=reason)


async def _apply(context: PaymentContext, refund: Refund, said: GatewayRefund) -> None:
    ours = (str(refund.refund_id), refund.gateway_payment_id, refund.amount)
    if (said.receipt, said.gateway_payment_id, said.amount) != ours:
        log.error("refund_differs", refund_id=str(refund.refund_id), gateway_refund_id=said.gateway_refund_id)
        await _later(context, refund, reason="refund_differs")
    elif said.status in {"processed", "failed"}:
        paid = said.status == "processed"
        reason = None if paid else "refund_failed"
        await _end(context, refund, paid=paid, gateway_refund_id=said.gateway_refund_id, reason=reason)
    else:
        await _later(context, refund, reason=None, gateway_refund_id=said.gateway_refund_id)


async def _end(
    context: PaymentContext, refund: Refund, *, paid: bool, gateway_refund_id: str | None, reason: str | None
) -> None:
    outcome = await context.database.run(
        lambda db: crud.end_refund(
            db,
            refund.user_id,
            refund.refund_id,
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
    known = gateway_refund_id or refund.gateway_refund_id
    pauses = context.settings.payment_check_seconds
    await context.database.run(
        lambda db: queue_crud.refund_later(
            db,
            refund.user_id,
            refund.refund_id,
            seconds=pauses[min(refund.attempts, len(pauses)) - 1],
            status=RefundStatus.PROCESSING if known else RefundStatus.CREATED,
            reason=reason,
            gateway_refund_id=known,
        )
    )
