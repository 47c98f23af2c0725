"""SQL of the queues: payments to check, refunds to send, events to retry, of all customers. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events import events
from gencharge.core.postgres import leases
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.payments.models import GatewayEvent, Payment, Refund, RefundStatus
from gencharge.payments.outcomes import EventOutcome
from gencharge.payments.webhook_message import WebhookMessage

_PAYMENTS = leases.LeasedQueue(
    Payment,
    Payment.next_check_at <= leases.NOW,
    order=Payment.next_check_at,
    lease=Payment.leased_until,
)
_REFUNDS = leases.LeasedQueue(
    Refund,
    Refund.next_attempt_at <= leases.NOW,
    order=Refund.next_attempt_at,
    lease=Refund.leased_until,
    changes={Refund.attempts: func.least(Refund.attempts + 1, 30000)},
)
_EVENTS = leases.LeasedQueue(
    GatewayEvent,
    GatewayEvent.next_attempt_at <= leases.NOW,
    order=GatewayEvent.next_attempt_at,
    lease=GatewayEvent.next_attempt_at,
    returning=[GatewayEvent.event_id],
)
_CHECK_LATER = text("""
    UPDATE payments SET checks = least(checks + 1, 30000), leased_until = NULL,
        next_check_at = CASE WHEN checks = :checks THEN CAST(:next AS timestamptz) ELSE next_check_at END
    WHERE user_id = :user_id AND payment_id = :payment_id AND next_check_at IS NOT NULL
""")
_REFUND_LATER = text("""
    UPDATE refunds SET leased_until = NULL, failure_reason = :reason, status = :status,
        gateway_refund_id = coalesce(:gateway_refund_id, gateway_refund_id),
        next_attempt_at = statement_time(:now) + make_interval(secs => :seconds)
    WHERE user_id = :user_id AND refund_id = :refund_id AND next_attempt_at IS NOT NULL
""")
_RETRY_EVENT = text("""
    SELECT retry_gateway_event(
        p_event => :event_id, p_limits => CAST(:limits AS jsonb), p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_RERUN_EVENT = text("""
    UPDATE gateway_events SET outcome = NULL, next_attempt_at = statement_time(:now)
    WHERE event_id = :event_id AND outcome = 'parked' RETURNING event_id
""")
_TAKE_EVENT: Final = """
    SELECT take_gateway_event(
        p_event => $1, p_gateway => $2, p_kind => $3, p_order => $4, p_body => $5::jsonb, p_limits => $6::jsonb,
        p_context => $7::jsonb, p_pinned => $8)
"""


async def claim_payments(db: AsyncSession, *, limit: int, lease_seconds: float) -> Sequence[Payment]:
    """Lease payments whose state is due to be checked at the gateway."""
    rows = await _PAYMENTS.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [payment for (payment,) in rows]


async def check_later(db: AsyncSession, *, payment: Payment, seconds: float | None) -> None:
    """Return the lease and set when to check again; None: never. Nothing changes if the payment needs no checks.

    If a webhook restarted the checks since `payment` was read, the time that it set stays.
    """
    following = None
    if seconds is not None:
        following = await leases.read_instant(db, clock.pinned()) + timedelta(seconds=seconds)
    values = {"checks": payment.checks, "next": following}
    keys = {"user_id": payment.user_id, "payment_id": payment.payment_id}
    await db.execute(_CHECK_LATER, values | keys)


async def claim_refunds(db: AsyncSession, *, limit: int, lease_seconds: float) -> Sequence[Refund]:
    """Lease refunds that are due to be sent or checked; each claim counts as an attempt."""
    rows = await _REFUNDS.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [refund for (refund,) in rows]


async def refund_later(
    db: AsyncSession,
    *,
    user_id: UUID,
    refund_id: UUID,
    seconds: float,
    status: RefundStatus,
    reason: str | None,
    gateway_refund_id: str | None,
) -> None:
    """Return the lease and set when the refund is due again. Nothing changes if it has ended."""
    values = {
        "seconds": seconds,
        "status": status.value,
        "reason": reason,
        "gateway_refund_id": gateway_refund_id,
    }
    keys = {"user_id": user_id, "refund_id": refund_id, "now": clock.pinned()}
    await db.execute(_REFUND_LATER, values | keys)


async def claim_events(db: AsyncSession, *, limit: int, lease_seconds: float) -> list[str]:
    """Lease webhooks that named an unknown order or refund and are due to be retried; their ids.

    The lease is `next_attempt_at` itself: a retry sets it again, and one that dies leaves the end of the lease.
    """
    rows = await _EVENTS.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [event_id for (event_id,) in rows]


async def take_event(
    database: Database,
    *,
    event_id: str,
    gateway: str,
    message: WebhookMessage,
    limits: str,
) -> EventOutcome:
    """`take_gateway_event`: take a webhook once and apply it, in one round trip and one transaction of its own."""
    row = await database.fetch_row(
        _TAKE_EVENT,
        event_id,
        gateway,
        message.kind,
        message.order_id,
        orjson.dumps(message.body).decode(),
        limits,
        events.context_json(),
        clock.pinned(),
    )
    assert row is not None, "take_gateway_event returns one row"
    return EventOutcome(row[0])


async def retry_event(db: AsyncSession, *, event_id: str, limits: str) -> EventOutcome:
    """`retry_gateway_event`: apply an event again that named an unknown order or refund."""
    values = {"event_id": event_id, "limits": limits, "context": events.context_json(), "now": clock.pinned()}
    return EventOutcome(await db.scalar(_RETRY_EVENT, values))


async def set_event_due(db: AsyncSession, *, event_id: str) -> bool:
    """Make a parked event due once more. False if it is not parked."""
    return await db.scalar(_RERUN_EVENT, {"event_id": event_id, "now": clock.pinned()}) is not None
