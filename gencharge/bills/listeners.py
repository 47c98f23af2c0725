"""What the end of a payment means for its bill."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import payment_service
from gencharge.core.events.events import Envelope, Inside
from gencharge.recharge.events import BillPaid, RechargeFailed


async def end_payment(db: AsyncSession, envelope: Envelope) -> None:
    """The bill is paid, or due again. A recharge that pays no bill changes nothing."""
    event = envelope.event
    assert isinstance(event, BillPaid | RechargeFailed)
    paid = event.total_paid_paise if isinstance(event, BillPaid) else 0
    await payment_service.end_payment(db, UUID(event.user_id), UUID(event.recharge_id), paid=paid)


ENDED: Final = Inside("bills-ended", (BillPaid, RechargeFailed), end_payment)
