"""What makes us ask the gateway about a payout at once: a webhook names it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Inside, Listener
from gencharge.payments.events import GatewayPayoutReported
from gencharge.payouts import reported_service


async def on_reported(db: AsyncSession, envelope: Envelope) -> None:
    """A webhook about a payout came."""
    event = envelope.event
    assert isinstance(event, GatewayPayoutReported)
    await reported_service.apply(
        db,
        UUID(event.user_id),
        reference=event.reference,
        kind=event.kind,
        gateway_payout_id=event.gateway_payout_id,
    )


LISTENERS: Final[tuple[Listener, ...]] = (Inside("payout-reported", (GatewayPayoutReported,), on_reported),)
