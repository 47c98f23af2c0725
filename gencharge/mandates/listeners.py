"""What makes us ask the gateway about a mandate at once: its rupee was paid, or a webhook names its token."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Inside, InsideBatch, Listener
from gencharge.core.values import clock
from gencharge.mandates import crud
from gencharge.payments.events import GatewayTokenReported, PaymentCaptured
from gencharge.payments.models import PaymentPurpose


async def on_captured(db: AsyncSession, batch: list[Envelope]) -> None:
    """Top-ups were paid: each of them may have registered a mandate, and few have. So a batch is looked up at once."""
    captured = [cast(PaymentCaptured, envelope.event) for envelope in batch]
    payments = {
        (UUID(event.user_id), UUID(event.payment_id))
        for event in captured
        if event.purpose == PaymentPurpose.TOPUP
    }
    for user_id, mandate_id in await crud.list_registered_by(db, payments):
        await crud.check_at(db, user_id, mandate_id, clock.now())


async def on_reported(db: AsyncSession, envelope: Envelope) -> None:
    """A webhook is a hint: the gateway is asked. A token that is not known belongs to a mandate that waits for its rupee."""
    event = cast(GatewayTokenReported, envelope.event)
    owner = await crud.find_by_token(db, event.token_hash)
    if owner is not None:
        await crud.check_at(db, *owner, clock.now())


LISTENERS: Final[tuple[Listener, ...]] = (
    InsideBatch("mandate-paid", (PaymentCaptured,), on_captured),
    Inside("mandate-reported", (GatewayTokenReported,), on_reported),
)
