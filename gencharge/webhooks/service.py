"""Queue messages for integrators.

An event becomes one row for each endpoint that takes it; a unique key (endpoint, event) makes that idempotent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Event
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.webhooks import crud
from gencharge.webhooks.messages import body_of, matches, type_of
from gencharge.webhooks.models import WebhookDelivery, WebhookEndpoint

# How long a message is retried: longer than a weekend.
RETRY_FOR: Final = timedelta(days=3)


def retry_for(settings: Settings) -> timedelta:
    """How long messages are retried: they name customers, so not longer than the data of closed accounts is kept."""
    return min(RETRY_FOR, timedelta(days=settings.erasure_after_days))


async def queue(db: AsyncSession, batch: Sequence[Envelope], *, patience: timedelta = RETRY_FOR) -> int:
    """Queue the messages of these events for the endpoints that take them; returns how many are new.

    `patience`: how long a message is retried.

    One transaction for the batch: most events concern no endpoint, and one each would slow the relay down.
    """
    endpoints = await crud.list_endpoints(db, listening=True)
    if not endpoints:
        return 0
    limited = any(endpoint.operators for endpoint in endpoints)
    operators = await _operators_of_payments(db, batch) if limited else {}
    rows: list[dict[str, Any]] = []
    for envelope in batch:
        kind, operator = type_of(envelope.event), _operator_of(envelope.event, operators)
        receivers = [endpoint for endpoint in endpoints if _takes(endpoint, kind, operator)]
        if receivers:
            body = body_of(envelope)
            rows += [
                await new_delivery(
                    db,
                    endpoint.endpoint_id,
                    envelope.id,
                    kind,
                    body,
                    patience=patience,
                    traceparent=envelope.traceparent,
                )
                for endpoint in receivers
            ]
    return await crud.add_deliveries(db, rows) if rows else 0


async def new_delivery(
    db: AsyncSession,
    endpoint_id: UUID,
    event_id: UUID,
    kind: str,
    body: str,
    *,
    patience: timedelta = RETRY_FOR,
    traceparent: str = "",
) -> dict[str, Any]:
    """The columns of a delivery that is due now. `kind` is the message's type; it is retried for `patience`."""
    now, delivery_id = clock.now(), new_id()
    return {
        "endpoint_id": endpoint_id,
        "delivery_id": delivery_id,
        "event_id": event_id,
        "type": kind,
        "body": await Vault.of(db).seal(WebhookDelivery.body, (endpoint_id, delivery_id), body),
        "created_at": now,
        "next_attempt_at": now,
        "expires_at": now + patience,
        "traceparent": traceparent or None,
    }


def _takes(endpoint: WebhookEndpoint, kind: str, operator: str | None) -> bool:
    return matches(kind, endpoint.events) and (not endpoint.operators or operator in endpoint.operators)


def _operator_of(event: Event, of_payments: dict[UUID, str]) -> str | None:
    operator = getattr(event, "operator", None)
    if isinstance(operator, str):
        return operator
    payment = getattr(event, "payment_id", None)
    return of_payments.get(UUID(payment)) if isinstance(payment, str) else None


async def _operators_of_payments(db: AsyncSession, batch: Sequence[Envelope]) -> dict[UUID, str]:
    events: list[Any] = [envelope.event for envelope in batch if not hasattr(envelope.event, "operator")]
    return await crud.list_operators_of(
        db, [(UUID(event.user_id), UUID(event.payment_id)) for event in events]
    )
