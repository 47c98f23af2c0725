"""What happens to a recharge when its gateway payment is captured or fails."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints, telemetry
from gencharge.core.events import events
from gencharge.core.events.events import Envelope, Inside
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.events import PaymentCaptured, PaymentFailed
from gencharge.payments.models import PaymentPurpose
from gencharge.recharge import lifecycle_crud
from gencharge.recharge.models import PaymentState, PayOutcome
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Code

log = telemetry.get_logger(__name__)


async def on_captured(db: AsyncSession, envelope: Envelope) -> None:
    """Queue the recharge for delivery. If it has failed in the meantime, the money goes to the wallet."""
    event = cast(PaymentCaptured, envelope.event)
    if event.purpose != PaymentPurpose.RECHARGE or event.reference_id is None:
        return
    user_id, recharge_id = UUID(event.user_id), UUID(event.reference_id)
    outcome = await lifecycle_crud.pay(db, user_id, recharge_id, context=events.context_json())
    if outcome is PayOutcome.NOT_FOUND:
        # The order was opened, but the sale was refused before it was written, and the customer paid all the same.
        await wallet.release(
            db,
            user_id,
            Money(event.amount_paise),
            code=Code.RELEASE,
            key=event.payment_id,
            reference_id=recharge_id,
            payment_method=event.payment_method,
        )
    await faultpoints.point("paid.written")
    log.info("recharge_paid", recharge_id=event.reference_id, outcome=outcome)


async def on_failed(db: AsyncSession, envelope: Envelope) -> None:
    """The payment failed: the recharge fails and the wallet's part is released. A later payment goes to the wallet."""
    event = cast(PaymentFailed, envelope.event)
    if event.purpose != PaymentPurpose.RECHARGE or event.reference_id is None:
        return
    user_id, recharge_id = UUID(event.user_id), UUID(event.reference_id)
    if await lifecycle_crud.lock_recharge(db, user_id, recharge_id) != PaymentState.PAYMENT_PENDING:
        return
    if await payments.find_captured(db, user_id, UUID(event.payment_id)) is not None:
        return  # paid after all: that event is on its way
    await lifecycle_crud.fail(
        db, user_id, recharge_id, reason="payment_failed", context=events.context_json()
    )


def _is_for_recharge(event: PaymentCaptured | PaymentFailed) -> bool:
    """Most payments are top-ups."""
    return event.purpose == PaymentPurpose.RECHARGE


UNPAID: Final = Inside("recharge-unpaid", (PaymentFailed,), on_failed, _is_for_recharge)
PAID: Final = Inside("recharge-paid", (PaymentCaptured,), on_captured, _is_for_recharge)
