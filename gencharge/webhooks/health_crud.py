"""SQL of how well endpoints are: failures, probes, disabled and back, messages that are late. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres import leases
from gencharge.core.values import clock

_FAILING_OF = text("""
    SELECT endpoint_id FROM webhook_endpoints
    WHERE endpoint_id = ANY(CAST(:endpoints AS uuid[])) AND failures <> 0 ORDER BY endpoint_id
""")
_WELL = text("""
    WITH failing AS (
        SELECT endpoint_id, failing_since FROM webhook_endpoints
        WHERE endpoint_id = :endpoint_id AND failures <> 0 FOR UPDATE)
    UPDATE webhook_endpoints AS endpoint SET failures = 0, failing_since = NULL, paused_until = NULL
    FROM failing WHERE endpoint.endpoint_id = failing.endpoint_id
    RETURNING extract(epoch FROM statement_time(:now) - failing.failing_since)
""")
_FAILED = text("""
    UPDATE webhook_endpoints SET failures = failures + 1,
        failing_since = coalesce(failing_since, CAST(:now AS timestamptz)),
        paused_until = CAST(:now AS timestamptz) + make_interval(
            secs => CASE WHEN is_active THEN (CAST(:pauses AS double precision[]))[least(failures + 1, :pause_count)]
                    ELSE :disabled_pause END)
    WHERE endpoint_id = :endpoint_id AND (failures = 0 OR :is_probe)
""")
_FAILING = text("""
    SELECT failures, extract(epoch FROM statement_time(:now) - failing_since) AS seconds
    FROM webhook_endpoints WHERE endpoint_id = :endpoint_id
""")
# Of several workers one gets the place, and only while a message is due.
_PROBE = text("""
    UPDATE webhook_endpoints SET paused_until = statement_time(:now) + make_interval(secs => :lease_seconds)
    WHERE endpoint_id = :endpoint_id AND failures > 0
        AND (paused_until IS NULL OR paused_until <= statement_time(:now))
        AND EXISTS (
            SELECT FROM webhook_deliveries
            WHERE webhook_deliveries.endpoint_id = :endpoint_id AND status = 'pending'
                AND next_attempt_at <= statement_time(:now)
                AND (leased_until IS NULL OR leased_until <= statement_time(:now)))
    RETURNING 1
""")
_DISABLE = text("""
    UPDATE webhook_endpoints SET is_active = false, disabled_at = statement_time(:now), disabled_reason = :reason, updated_at = statement_time(:now)
    WHERE endpoint_id = :endpoint_id AND (is_active OR (disabled_reason = 'failures' AND :reason <> 'failures')) RETURNING url
""")
_ENABLE = text("""
    UPDATE webhook_endpoints SET is_active = true, disabled_at = NULL, disabled_reason = NULL, updated_at = statement_time(:now)
    WHERE endpoint_id = :endpoint_id AND disabled_reason = 'failures' RETURNING url
""")
# An endpoint is told of once, and again only after its messages were on time.
_OVERDUE = text("""
    UPDATE webhook_endpoints AS endpoint SET overdue_alerted_at = statement_time(:now)
    FROM (
        SELECT endpoint_id, min(created_at) AS created_at FROM webhook_deliveries
        WHERE status = 'pending' GROUP BY endpoint_id) AS oldest
    WHERE endpoint.endpoint_id = oldest.endpoint_id AND overdue_alerted_at IS NULL
        AND (is_active OR disabled_reason = 'failures') AND oldest.created_at < :before
    RETURNING endpoint.endpoint_id, url, oldest.created_at
""")
_ON_TIME = text("""
    UPDATE webhook_endpoints SET overdue_alerted_at = NULL
    WHERE overdue_alerted_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM webhook_deliveries
        WHERE webhook_deliveries.endpoint_id = webhook_endpoints.endpoint_id AND status = 'pending' AND created_at < :before)
""")
# Every message expires after the same time, so the index of what is pending finds the oldest.
_OLDEST = text("""
    SELECT extract(epoch FROM statement_time(:now) - deliveries.created_at) FROM webhook_deliveries AS deliveries
    JOIN webhook_endpoints AS endpoints USING (endpoint_id)
    WHERE deliveries.status = 'pending' AND (endpoints.is_active OR endpoints.disabled_reason = 'failures')
    ORDER BY deliveries.expires_at LIMIT 1
""")


async def begin_probe(db: AsyncSession, endpoint_id: UUID, *, lease_seconds: float) -> bool:
    """Take the one place of a failing endpoint whose pause is over; False if another worker has it or nothing is due."""
    values = {"endpoint_id": endpoint_id, "lease_seconds": lease_seconds, "now": clock.pinned()}
    return await db.scalar(_PROBE, values) is not None


async def add_failure(
    db: AsyncSession,
    endpoint_id: UUID,
    *,
    is_probe: bool,
    pauses_seconds: Sequence[float],
    disabled_pause_seconds: float,
) -> tuple[int, float]:
    """Count a failure and begin the next pause, unless the endpoint is in one that this attempt did not end.

    Returns the failures in a row, and for how many seconds there has been nothing else.
    """
    values = {"endpoint_id": endpoint_id, "now": await leases.read_instant(db, clock.pinned())}
    counted = {"is_probe": is_probe, "pauses": list(pauses_seconds), "pause_count": len(pauses_seconds)}
    counted["disabled_pause"] = disabled_pause_seconds
    await db.execute(_FAILED, values | counted)
    row = (await db.execute(_FAILING, values)).one_or_none()
    return (row.failures, float(row.seconds or 0)) if row is not None else (0, 0.0)


async def forgive_failures(db: AsyncSession, endpoint_id: UUID) -> float:
    """The endpoint has answered: it gets all its places again. Returns for how many seconds it had failed, mostly zero."""
    seconds = await db.scalar(_WELL, {"endpoint_id": endpoint_id, "now": clock.pinned()})
    return float(seconds or 0)


async def list_failing(db: AsyncSession, endpoint_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of the endpoints that have failures to forgive, in the order of their ids."""
    return (await db.scalars(_FAILING_OF, {"endpoints": list(endpoint_ids)})).all()


async def set_disabled(db: AsyncSession, endpoint_id: UUID, reason: str) -> str | None:
    """Disable an endpoint, and return its address; None if it is disabled already, or deleted."""
    values = {"endpoint_id": endpoint_id, "reason": reason, "now": clock.pinned()}
    url: str | None = await db.scalar(_DISABLE, values)
    return url


async def set_enabled(db: AsyncSession, endpoint_id: UUID) -> str | None:
    """Enable an endpoint that failures had disabled, and return its address; None if it is in any other state."""
    url: str | None = await db.scalar(_ENABLE, {"endpoint_id": endpoint_id, "now": clock.pinned()})
    return url


async def oldest_pending_seconds(db: AsyncSession) -> float:
    """How long the oldest pending message of an endpoint that listens has existed; zero if there is none."""
    return float(await db.scalar(_OLDEST, {"now": clock.pinned()}) or 0)


async def mark_overdue(db: AsyncSession, *, before: datetime) -> Sequence[Row[Any]]:
    """Mark the endpoints with a pending message from before an instant, and return those that were not marked.

    Takes the mark off the others. Returns endpoint_id, url and created_at of the oldest message.
    """
    values = {"before": before}
    await db.execute(_ON_TIME, values)
    return (await db.execute(_OVERDUE, values | {"now": clock.pinned()})).all()
