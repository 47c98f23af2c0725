"""What a recharge does when the gateway's money for it is there."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import crash, events, telemetry
from gencharge.core.events import Envelope, Inside
from gencharge.core.money import Money
from gencharge.payments.events import PaymentCaptured
from gencharge.payments.models import Purpose
from gencharge.recharge import fulfilment_crud as crud
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Code

log = telemetry.get_logger(__name__)


async def on_captured(db: AsyncSession, envelope: Envelope) -> None:
    """Send the recharge on its way. Where it was given up meanwhile, the money goes to the wallet."""
    event = cast(PaymentCaptured, envelope.event)
    if event.purpose != Purpose.RECHARGE or event.reference_id is None:
        return
    user_id, recharge_id = UUID(event.user_id), UUID(event.reference_id)
    outcome = await crud.pay(db, user_id, recharge_id, context=events.context_json())
    if outcome == "not_found":
        # The order was made, and the recharge refused before it was written down; somebody paid all the same.
        await wallet.release(
            db,
            user_id,
            Money(event.amount_paise),
            code=Code.RELEASE,
            key=event.payment_id,
            reference_id=recharge_id,
            payment_method=event.method,
        )
    await crash.point("paid.written")
    log.info("recharge_paid", recharge_id=event.reference_id, outcome=outcome)


PAID: Final = Inside("recharge-paid", (PaymentCaptured,), on_captured)
