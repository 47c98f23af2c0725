"""From our events to messages: each event becomes one row for each endpoint that wants it.

A listener that takes batches, although its effect is in PostgreSQL: most of what happens is wanted by nobody, and a
transaction for each event would hold the relay up. That it is exactly one row is the unique key's doing (endpoint,
event), however often the relay hands an event out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Event, Outside
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.webhooks import crud
from gencharge.webhooks.messages import MESSAGES, body_of, is_wanted, type_of
from gencharge.webhooks.models import WebhookEndpoint

# For so long a message is tried.
PATIENCE: Final = timedelta(hours=24)


async def write_messages(db: AsyncSession, batch: Sequence[Envelope]) -> int:
    """Write down what is to be sent of these events, to whom; how many messages are new."""
    endpoints = await crud.list_endpoints(db, active=True)
    if not endpoints:
        return 0
    limited = any(endpoint.operators for endpoint in endpoints)
    operators = await _operators_of_payments(db, batch) if limited else {}
    rows: list[dict[str, Any]] = []
    for envelope in batch:
        kind, operator = type_of(envelope.event), _operator_of(envelope.event, operators)
        takers = [endpoint for endpoint in endpoints if _wants(endpoint, kind, operator)]
        if takers:
            body = body_of(envelope)
            rows.extend(row_of(endpoint.endpoint_id, envelope.id, kind, body) for endpoint in takers)
    return await crud.add_deliveries(db, rows) if rows else 0


def row_of(endpoint_id: UUID, event_id: UUID, kind: str, body: str) -> dict[str, Any]:
    """A message that is due now."""
    now = clock.now()
    return {
        "endpoint_id": endpoint_id,
        "delivery_id": new_id(),
        "event_id": event_id,
        "type": kind,
        "body": body,
        "created_at": now,
        "next_attempt_at": now,
        "expires_at": now + PATIENCE,
    }


def _wants(endpoint: WebhookEndpoint, kind: str, operator: str | None) -> bool:
    return is_wanted(kind, endpoint.events) and (not endpoint.operators or operator in endpoint.operators)


def _operator_of(event: Event, of_payments: dict[UUID, str]) -> str | None:
    operator = getattr(event, "operator", None)
    if isinstance(operator, str):
        return operator
    payment = getattr(event, "payment_id", None)
    return of_payments.get(UUID(payment)) if isinstance(payment, str) else None


async def _operators_of_payments(db: AsyncSession, batch: Sequence[Envelope]) -> dict[UUID, str]:
    events: list[Any] = [one.event for one in batch if not hasattr(one.event, "operator")]
    return await crud.list_operators_of(
        db, [(UUID(event.user_id), UUID(event.payment_id)) for event in events]
    )


async def _deliver(stores: Stores, batch: list[Envelope]) -> None:
    await stores.database.run(lambda db: write_messages(db, batch))


MESSAGES_OUT: Final = Outside("webhooks", tuple(MESSAGES), _deliver)
