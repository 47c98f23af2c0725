"""What the end of a payment, and a refund of it, mean for its bill."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import payment_service
from gencharge.core.events.events import Envelope, Inside
from gencharge.recharge.events import BillPaid, RechargeFailed, RechargeRefunded


async def end_payment(db: AsyncSession, envelope: Envelope) -> None:
    """The bill is paid, or due again. A recharge that pays no bill changes nothing."""
    event = envelope.event
    assert isinstance(event, BillPaid | RechargeFailed)
    user_id, recharge_id = UUID(event.user_id), UUID(event.recharge_id)
    if isinstance(event, BillPaid):
        await payment_service.count_earlier(
            db,
            user_id,
            UUID(event.bill_id),
            recharge_id,
            paid=event.total_paid_paise,
            paid_at=envelope.occurred_at,
        )
    paid = event.total_paid_paise if isinstance(event, BillPaid) else 0
    await payment_service.end_payment(db, user_id, recharge_id, paid=paid)


async def take_payment_back(db: AsyncSession, envelope: Envelope) -> None:
    """What was refunded of a bill is not paid. A refund of another recharge changes nothing."""
    event = envelope.event
    assert isinstance(event, RechargeRefunded)
    if event.bill_id is not None:
        await payment_service.take_back(
            db,
            UUID(event.user_id),
            UUID(event.bill_id),
            refunded=event.amount_paise,
            refunded_at=envelope.occurred_at,
        )


ENDED: Final = Inside("bills-ended", (BillPaid, RechargeFailed), end_payment)
TAKEN_BACK: Final = Inside(
    "bills-taken-back", (RechargeRefunded,), take_payment_back, lambda event: event.bill_id is not None
)
