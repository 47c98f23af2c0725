"""Puts on the list what only an event says."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Inside
from gencharge.core.rooms.checks import LedgerVerified
from gencharge.delivery.events import DeliveryDisputed
from gencharge.payments.events import GatewayEventParked
from gencharge.work import service
from gencharge.work.models import WorkKind

# There is one ledger.
LEDGER: Final = "ledger"


async def _report(db: AsyncSession, envelope: Envelope) -> None:
    at = envelope.occurred_at
    match envelope.event:
        case LedgerVerified(breaches=0):
            await service.close(db, WorkKind.FAILED_LEDGER_CHECK, LEDGER)
        case LedgerVerified() as checked:
            title = f"{checked.breaches} breaches: {checked.failed}"
            await service.report(
                db, WorkKind.FAILED_LEDGER_CHECK, LEDGER, title=title[:500], path="/v1/audit-logs", at=at
            )
        case DeliveryDisputed() as disputed:
            await service.report(
                db,
                WorkKind.DISPUTED_DELIVERY,
                disputed.recharge_id,
                title=f"{disputed.channel} claims {disputed.reference}, which failed and was refunded",
                path=f"/v1/recharge/admin/{disputed.user_id}/{disputed.recharge_id}/story",
                at=at,
                operator=disputed.operator,
            )
        case GatewayEventParked() as parked:
            await service.report(
                db,
                WorkKind.PARKED_GATEWAY_EVENT,
                parked.event_id,
                title=f"{parked.kind} of {parked.gateway}: {parked.reason}",
                path="/v1/payments/admin",
                at=at,
            )


REPORT: Final = Inside("work.report", (LedgerVerified, DeliveryDisputed, GatewayEventParked), _report)
