"""SQL of webhooks that we send. Decides nothing. Locks: the endpoint first, then its deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, func, or_, select, text, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.operators.models import Operator
from gencharge.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookDeliveryStatus,
    WebhookEndpoint,
)
from gencharge.webhooks.staff_schemas import WebhookDeliveryQuery

_WAITING = leases.LeasedQueue(
    WebhookDelivery,
    WebhookDelivery.endpoint_id == bindparam("endpoint", type_=Uuid),
    WebhookDelivery.status == WebhookDeliveryStatus.PENDING,
    WebhookDelivery.next_attempt_at <= leases.NOW,
    order=WebhookDelivery.next_attempt_at,
    lease=WebhookDelivery.leased_until,
    changes={
        WebhookDelivery.attempts: WebhookDelivery.attempts + 1,
        WebhookDelivery.tries: WebhookDelivery.tries + 1,
    },
)
# Of many messages at once: a statement for each would cost more than the calls of the integrators.
_DELIVERED = text("""
    UPDATE webhook_deliveries AS delivery
    SET status = 'delivered', completed_at = statement_time(:now), next_attempt_at = NULL, leased_until = NULL
    FROM unnest(CAST(:endpoints AS uuid[]), CAST(:deliveries AS uuid[])) AS done(endpoint_id, delivery_id)
    WHERE delivery.endpoint_id = done.endpoint_id AND delivery.delivery_id = done.delivery_id AND delivery.status = 'pending'
""")
_ADD_ATTEMPTS = text("""
    INSERT INTO webhook_attempts (endpoint_id, delivery_id, attempt, url, started_at, duration_ms, response_status, response, error)
    SELECT endpoint_id, delivery_id, attempt, url, started_at, duration_ms, response_status, response, error
    FROM unnest(CAST(:endpoints AS uuid[]), CAST(:deliveries AS uuid[]), CAST(:attempts AS smallint[]), CAST(:urls AS text[]),
                CAST(:starts AS timestamptz[]), CAST(:durations AS integer[]), CAST(:statuses AS integer[]),
                CAST(:responses AS text[]), CAST(:errors AS text[]))
        AS done(endpoint_id, delivery_id, attempt, url, started_at, duration_ms, response_status, response, error)
    ON CONFLICT DO NOTHING
""")
# Only for the last attempt: a worker that lost its lease must not postpone the attempt of the one that took over.
_POSTPONED = text("""
    UPDATE webhook_deliveries SET leased_until = NULL,
        status = CASE WHEN CAST(:next AS timestamptz) > expires_at THEN 'failed' ELSE 'pending' END,
        completed_at = CASE WHEN CAST(:next AS timestamptz) > expires_at THEN CAST(:now AS timestamptz) END,
        next_attempt_at = CASE WHEN CAST(:next AS timestamptz) <= expires_at THEN CAST(:next AS timestamptz) END
    WHERE endpoint_id = :endpoint_id AND delivery_id = :delivery_id AND status = 'pending' AND attempts = :attempt
""")
_DISCARD = """
    UPDATE webhook_deliveries
    SET status = 'discarded', completed_at = statement_time(:now), next_attempt_at = NULL, leased_until = NULL
    WHERE status = 'pending' AND
"""
_DISCARD_ALL = text(f"{_DISCARD} endpoint_id = :endpoint_id RETURNING 1")
_DISCARD_EXPIRED = text(
    f"{_DISCARD} endpoint_id = :endpoint_id AND expires_at <= statement_time(:now) RETURNING 1"
)
_DISCARD_WAITING = text(f"""
    {_DISCARD} expires_at <= statement_time(:now)
        AND endpoint_id IN (SELECT endpoint_id FROM webhook_endpoints WHERE NOT is_active)
    RETURNING 1
""")  # noqa: S608 - composed of constants
_WAKE = text("""
    UPDATE webhook_deliveries SET next_attempt_at = least(next_attempt_at, statement_time(:now))
    WHERE endpoint_id = :endpoint_id AND status = 'pending'
""")
_PURGE_DELIVERIES = text("""
    DELETE FROM webhook_deliveries WHERE (endpoint_id, delivery_id) IN (
        SELECT endpoint_id, delivery_id FROM webhook_deliveries
        WHERE created_at < :before AND status <> 'pending' ORDER BY created_at, delivery_id LIMIT :limit)
    RETURNING 1
""")
_PURGE_ATTEMPTS = text("""
    DELETE FROM webhook_attempts WHERE (endpoint_id, delivery_id, attempt) IN (
        SELECT endpoint_id, delivery_id, attempt FROM webhook_attempts
        WHERE started_at < :before ORDER BY started_at LIMIT :limit)
    RETURNING 1
""")
# Payments name no operator; the recharge that one pays does.
_OPERATORS = text("""
    SELECT payments.payment_id, recharges.operator
    FROM unnest(CAST(:users AS uuid[]), CAST(:payments AS uuid[])) AS requested(user_id, payment_id)
    JOIN payments ON payments.user_id = requested.user_id AND payments.payment_id = requested.payment_id
    JOIN recharges ON recharges.user_id = payments.user_id AND recharges.id = payments.reference_id
""")


# One that failed for a day is disabled to the staff's eyes, and still tried now and then.
_LISTENING = or_(WebhookEndpoint.is_active, WebhookEndpoint.disabled_reason == "failures")


async def list_endpoints(db: AsyncSession, *, listening: bool = False) -> Sequence[WebhookEndpoint]:
    """The endpoints, in the order of creation; `listening`: without those that an admin or a 410 disabled."""
    condition = _LISTENING if listening else true()
    query = select(WebhookEndpoint).where(condition).order_by(WebhookEndpoint.endpoint_id)
    return (await db.scalars(query)).all()


async def get_endpoint(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """One endpoint."""
    return await db.get(WebhookEndpoint, endpoint_id)


async def lock_endpoint(db: AsyncSession, endpoint_id: UUID) -> WebhookEndpoint | None:
    """The endpoint, held to the end of the transaction."""
    query = select(WebhookEndpoint).where(WebhookEndpoint.endpoint_id == endpoint_id).with_for_update()
    return (await db.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def list_operator_codes(db: AsyncSession) -> Sequence[str]:
    """The codes of all operators."""
    return (await db.scalars(select(Operator.code).order_by(Operator.code))).all()


async def list_operators_of(db: AsyncSession, payments: Sequence[tuple[UUID, UUID]]) -> dict[UUID, str]:
    """Payment -> operator, of the (user, payment) pairs that pay a recharge."""
    values = {"users": [user for user, _ in payments], "payments": [payment for _, payment in payments]}
    return {row.payment_id: row.operator for row in await db.execute(_OPERATORS, values)}


async def add_deliveries(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add new deliveries, and return how many are new."""
    added = insert(WebhookDelivery).values(list(rows)).on_conflict_do_nothing()
    return len((await db.execute(added.returning(WebhookDelivery.delivery_id))).all())


async def list_endpoints_to_serve(db: AsyncSession) -> Sequence[WebhookEndpoint]:
    """The endpoints that listen, in any order: if there are more than places, all have their turn."""
    query = select(WebhookEndpoint).where(_LISTENING).order_by(func.random())
    return (await db.scalars(query)).all()


async def claim_due(
    db: AsyncSession, endpoint_id: UUID, *, limit: int, lease_seconds: float
) -> Sequence[WebhookDelivery]:
    """Begin an attempt of up to `limit` deliveries of an endpoint that are due."""
    rows = await _WAITING.claim(
        db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned(), endpoint=endpoint_id
    )
    return [delivery for (delivery,) in rows]


async def add_attempts(db: AsyncSession, attempts: Sequence[WebhookAttempt]) -> None:
    """Store attempts. One that is there stays as it is."""
    values = {
        "endpoints": [attempt.endpoint_id for attempt in attempts],
        "deliveries": [attempt.delivery_id for attempt in attempts],
        "attempts": [attempt.attempt for attempt in attempts],
        "urls": [attempt.url for attempt in attempts],
        "starts": [attempt.started_at for attempt in attempts],
        "durations": [attempt.duration_ms for attempt in attempts],
        "statuses": [attempt.response_status for attempt in attempts],
        "responses": [attempt.response.stored for attempt in attempts],
        "errors": [attempt.error for attempt in attempts],
    }
    await db.execute(_ADD_ATTEMPTS, values)


async def set_delivered(db: AsyncSession, keys: Sequence[tuple[UUID, UUID]]) -> None:
    """Mark deliveries (endpoint id, delivery id) as delivered."""
    endpoints, deliveries = ([key[place] for key in keys] for place in (0, 1))
    values = {"endpoints": endpoints, "deliveries": deliveries, "now": clock.pinned()}
    await db.execute(_DELIVERED, values)


async def set_postponed(
    db: AsyncSession, endpoint_id: UUID, delivery_id: UUID, *, attempt: int, pause_seconds: float
) -> None:
    """Retry a delivery after a pause, or fail it after its expiry."""
    now = await leases.read_instant(db, clock.pinned())
    values = {"attempt": attempt, "now": now, "next": now + timedelta(seconds=pause_seconds)}
    await db.execute(_POSTPONED, values | {"endpoint_id": endpoint_id, "delivery_id": delivery_id})


async def wake(db: AsyncSession, endpoint_id: UUID) -> int:
    """Discard an endpoint's expired deliveries and make the others due. Returns how many were discarded."""
    values = {"endpoint_id": endpoint_id, "now": clock.pinned()}
    discarded = len((await db.execute(_DISCARD_EXPIRED, values)).all())
    await db.execute(_WAKE, values)
    return discarded


async def discard_all(db: AsyncSession, endpoint_id: UUID) -> int:
    """Discard all pending deliveries of an endpoint, and return their number."""
    values = {"endpoint_id": endpoint_id, "now": clock.pinned()}
    return len((await db.execute(_DISCARD_ALL, values)).all())


async def discard_waiting(db: AsyncSession) -> int:
    """Discard expired deliveries of disabled endpoints, and return their number."""
    return len((await db.execute(_DISCARD_WAITING, {"now": clock.pinned()})).all())


async def purge(db: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` deliveries and attempts from before an instant, and return their number."""
    values = {"before": before, "limit": limit}
    deleted = (await db.execute(_PURGE_ATTEMPTS, values)).all()
    return len(deleted) + len((await db.execute(_PURGE_DELIVERIES, values)).all())


async def find_delivery(db: AsyncSession, delivery_id: UUID, *, lock: bool = False) -> WebhookDelivery | None:
    """A delivery by its own id: asks every shard, for the staff only."""
    query = select(WebhookDelivery).where(WebhookDelivery.delivery_id == delivery_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return (await db.scalars(query)).one_or_none()


async def list_attempts(db: AsyncSession, delivery: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """The attempts of a delivery, in order."""
    query = select(WebhookAttempt).where(
        WebhookAttempt.endpoint_id == delivery.endpoint_id, WebhookAttempt.delivery_id == delivery.delivery_id
    )
    return (await db.scalars(query.order_by(WebhookAttempt.attempt))).all()


def select_deliveries(filters: WebhookDeliveryQuery) -> Select[WebhookDelivery]:
    """The deliveries that match the filters that one index answers in the list's order."""
    query = select(WebhookDelivery)
    if filters.endpoint_id is not None:
        query = query.where(WebhookDelivery.endpoint_id == filters.endpoint_id)
    elif filters.status not in {None, WebhookDeliveryStatus.DELIVERED}:
        # The literal lets the planner use the index without delivered ones.
        few = text("webhook_deliveries.status <> 'delivered'")
        query = query.where(WebhookDelivery.status == filters.status, few)
    return query.where(*filters.between(column_of(WebhookDelivery.created_at)))


def match_deliveries(entity: Any, filters: WebhookDeliveryQuery) -> list[ColumnElement[bool]]:
    """The conditions of the other filters, on deliveries or an alias of them."""
    equal = {entity.status: filters.status, entity.type: filters.type}
    return [column == value for column, value in equal.items() if value is not None]
