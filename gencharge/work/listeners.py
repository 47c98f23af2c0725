"""Puts on the list what only an event says."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Inside
from gencharge.core.rooms.checks import LedgerVerified
from gencharge.core.wording import worded
from gencharge.delivery.events import DeliveryDisputed
from gencharge.payments.events import GatewayEventParked
from gencharge.work import service
from gencharge.work.models import WorkKind

# There is one ledger.
LEDGER: Final = "ledger"
_LONGEST: Final = 450


async def _report(db: AsyncSession, envelope: Envelope) -> None:
    at = envelope.occurred_at
    match envelope.event:
        case LedgerVerified(breaches=0):
            await service.close(db, WorkKind.FAILED_LEDGER_CHECK, LEDGER)
        case LedgerVerified() as checked:
            title = worded(
                "{breaches} breaches: {failed}", breaches=checked.breaches, failed=checked.failed[:_LONGEST]
            )
            await service.report(
                db, WorkKind.FAILED_LEDGER_CHECK, LEDGER, title=title, path="/v1/audit-logs", at=at
            )
        case DeliveryDisputed() as disputed:
            await service.report(
                db,
                WorkKind.DISPUTED_DELIVERY,
                disputed.recharge_id,
                title=worded(
                    "{channel} claims {reference}, which failed and was refunded",
                    channel=disputed.channel,
                    reference=disputed.reference,
                ),
                path=f"/v1/recharge/admin/{disputed.user_id}/{disputed.recharge_id}/story",
                at=at,
                operator=disputed.operator,
            )
        case GatewayEventParked() as parked:
            await service.report(
                db,
                WorkKind.PARKED_GATEWAY_EVENT,
                parked.event_id,
                title=worded(
                    "{kind} of {gateway}: {reason}",
                    kind=parked.kind,
                    gateway=parked.gateway,
                    reason=parked.reason,
                ),
                path="/v1/payments/admin",
                at=at,
            )


REPORT: Final = Inside("work.report", (LedgerVerified, DeliveryDisputed, GatewayEventParked), _report)
