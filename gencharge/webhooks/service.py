"""Queue messages for integrators.

An event becomes one row for each endpoint that takes it; a unique key (endpoint, event) makes that idempotent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import Envelope, Event
from gencharge.core.http.choices import Choices
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.payments import service as payments
from gencharge.recharge import service as recharges
from gencharge.webhooks import crud
from gencharge.webhooks.messages import TEST, TYPES, body_of, matches, type_of
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
    noted = await _noted(db, [envelope.event for envelope in batch])
    rows: list[dict[str, Any]] = []
    for envelope in batch:
        kind, operator = type_of(envelope.event), _operator_of(envelope.event, operators)
        receivers = [endpoint for endpoint in endpoints if _takes(endpoint, kind, operator)]
        if receivers:
            subject = _recharge_of(envelope.event) or _payment_of(envelope.event)
            body = body_of(envelope, noted.get(subject) if subject else None)
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


def _recharge_of(event: Any) -> tuple[UUID, UUID] | None:
    """The customer and the recharge that an event is about."""
    return (UUID(event.user_id), UUID(event.recharge_id)) if hasattr(event, "recharge_id") else None


def _payment_of(event: Any) -> tuple[UUID, UUID] | None:
    """The customer and the payment that an event is about. A refund to the source has no notes."""
    is_payment = hasattr(event, "purpose") and not hasattr(event, "refund_id")
    return (UUID(event.user_id), UUID(event.payment_id)) if is_payment else None


async def _noted(db: AsyncSession, events: Sequence[Event]) -> dict[tuple[UUID, UUID], dict[str, Any]]:
    """What callers called the recharges and payments of these events, and noted; a statement for each of the two."""
    noted: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for recharge in await recharges.list_noted(db, {key for event in events if (key := _recharge_of(event))}):
        noted[recharge.user_id, recharge.id] = {
            "reference": recharge.caller_reference,
            "metadata": await recharges.metadata_of(db, recharge),
        }
    for payment in await payments.list_noted(db, {key for event in events if (key := _payment_of(event))}):
        noted[payment.user_id, payment.payment_id] = {
            "reference": payment.caller_reference,
            "metadata": await payments.metadata_of(db, payment),
        }
    return noted


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


async def type_choices(app: FastAPI, fresh: bool) -> Choices:
    """The types of messages, that of a test among them."""
    del app, fresh
    return Choices.of((*TYPES, TEST))
