"""What waits, read from the tables of the rooms. Each statement reads a bounded number of rows, the oldest first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable, column, delete, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.core.wording import read_back, worded
from gencharge.work.models import WorkAssignment, WorkKind, WorkReport

# Of each kind: more of one kind is a problem of its own.
MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits. `title` is a `Worded` text, but for what an earlier version stored in English."""

    kind: WorkKind
    item_id: str
    operator: str | None
    since: datetime
    path: str
    title: str
    # The act that a second admin is asked for.
    act: str | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a kind waits. Columns: item_id, operator, since, path, then what the title is made of."""

    query: Executable
    title: Callable[..., str]


_DIRECTIONS: Final = {"credit": worded("credit"), "debit": worded("debit")}
_SOURCES: Final = {
    WorkKind.STUCK_RECHARGE: _Source(
        text("""
            SELECT recharge_id::text, operator, created_at,
                   '/v1/recharge/admin/' || user_id || '/' || recharge_id || '/story', operator, state
            FROM fulfilments WHERE user_id IS NOT NULL AND next_attempt_at IS NOT NULL AND alerted_at IS NOT NULL
            ORDER BY created_at LIMIT :many
        """),
        lambda operator, state: worded("Recharge of {operator} is {state}", operator=operator, state=state),
    ),
    WorkKind.DIFFERENCE: _Source(
        text(r"""
            SELECT difference_id::text, NULL, day\:\:timestamp AT TIME ZONE 'Asia/Kolkata',
                   '/v1/reconciliation/runs/' || run_id || '/differences', counterparty, day, kind
            FROM reconciliation_differences WHERE status IN ('open', 'claimed') ORDER BY day LIMIT :many
        """),
        lambda counterparty, day, kind: worded(
            "{counterparty} on {day}: {kind}", counterparty=counterparty, day=day, kind=kind
        ),
    ),
    WorkKind.ADJUSTMENT: _Source(
        text("""
            SELECT adjustment_id::text, NULL, requested_at, '/v1/wallet/admin/adjustments', direction, reason
            FROM adjustments WHERE user_id IS NOT NULL AND status = 'pending' ORDER BY requested_at LIMIT :many
        """),
        lambda direction, reason: worded(
            "{direction} of a balance: {reason}", direction=_DIRECTIONS[direction], reason=reason
        ),
    ),
    WorkKind.APPROVAL: _Source(
        text("""
            SELECT approval_id::text, operator, requested_at, '/v1/approvals/' || approval_id, summary, wording, act
            FROM approvals WHERE status = 'pending' ORDER BY requested_at LIMIT :many
        """).columns(column("wording", JSONB)),
        lambda summary, wording, act: read_back(summary, wording),
    ),
    WorkKind.COMPLAINT: _Source(
        text("""
            SELECT complaint_id::text, operator, created_at, '/v1/complaints/admin', reason
            FROM complaints WHERE user_id IS NOT NULL AND status = 'open' ORDER BY due_at LIMIT :many
        """),
        lambda reason: worded("Complaint: {reason}", reason=reason),
    ),
    WorkKind.KYC_REQUEST: _Source(
        text("""
            SELECT kyc_request_id::text, NULL, created_at, '/v1/users/kyc-requests', document
            FROM kyc_requests WHERE user_id IS NOT NULL AND status = 'pending' ORDER BY created_at LIMIT :many
        """),
        lambda document: worded("Full KYC tier, shows {document}", document=document),
    ),
    WorkKind.PARKED_DELIVERY: _Source(
        text("""
            SELECT user_id || '/' || event_id || '/' || listener, NULL, parked_at, '/v1/work', topic, listener
            FROM deliveries WHERE user_id IS NOT NULL AND parked_at IS NOT NULL ORDER BY parked_at LIMIT :many
        """),
        lambda topic, listener: worded("{topic} refused by {listener}", topic=topic, listener=listener),
    ),
    WorkKind.OPEN_BREAKER: _Source(
        text("""
            SELECT b.channel, c.operator, min(b.opened_at), '/v1/channels/' || b.channel || '/health',
                   b.channel, max(b.failures)
            FROM channel_breakers b JOIN operator_channels c ON c.code = b.channel
            WHERE b.closed_at IS NULL AND b.expires_at > :now AND c.is_active
            GROUP BY b.channel, c.operator ORDER BY min(b.opened_at) LIMIT :many
        """),
        lambda channel, failures: worded(
            "{channel} gets no recharges: {failures} failures in a row", channel=channel, failures=failures
        ),
    ),
    WorkKind.PAYOUT: _Source(
        text("""
            SELECT payout_id::text, NULL, created_at, '/v1/payouts/admin', amount / 100, status
            FROM payouts WHERE user_id IS NOT NULL AND status <> 'paid'
              AND (status = 'needs_payee' OR created_at < :day_ago)
            ORDER BY created_at LIMIT :many
        """),
        lambda rupees, status: worded("Payout of Rs {rupees}: {status}", rupees=rupees, status=status),
    ),
    WorkKind.LOW_FLOAT: _Source(
        text("""
            SELECT f.channel, c.operator, f.low_since, '/v1/channels/' || f.channel || '/health', f.channel, f.balance / 100
            FROM channel_floats f JOIN operator_channels c ON c.code = f.channel
            WHERE f.low_since IS NOT NULL AND c.is_active ORDER BY f.low_since LIMIT :many
        """),
        lambda channel, rupees: worded("Balance at {channel}: Rs {rupees}", channel=channel, rupees=rupees),
    ),
    WorkKind.DISABLED_ENDPOINT: _Source(
        text("""
            SELECT endpoint_id::text, NULL, disabled_at, '/v1/webhooks/endpoints/' || endpoint_id, url
            FROM webhook_endpoints WHERE disabled_reason IS NOT NULL AND NOT is_active ORDER BY disabled_at LIMIT :many
        """),
        lambda url: worded("{url} gets no messages", url=url),
    ),
}
REPORTED: Final = frozenset(
    {WorkKind.DISPUTED_DELIVERY, WorkKind.PARKED_GATEWAY_EVENT, WorkKind.FAILED_LEDGER_CHECK}
)


async def list_waiting(db: AsyncSession, kinds: Collection[WorkKind]) -> list[Waiting]:
    """What waits of these kinds, up to MANY of each."""
    waiting: list[Waiting] = []
    now = clock.now()
    values = {"many": MANY, "now": now, "day_ago": now - timedelta(days=1)}
    for kind, source in _SOURCES.items():
        if kind in kinds:
            for item_id, operator, since, path, *parts in await db.execute(source.query, values):
                act = parts[-1] if kind is WorkKind.APPROVAL else None
                waiting.append(Waiting(kind, item_id, operator, since, path, source.title(*parts), act))
    reported = [kind.value for kind in kinds if kind in REPORTED]
    reports = select(WorkReport).where(WorkReport.closed_at.is_(None), WorkReport.kind.in_(reported))
    rows_of_reports = await db.scalars(reports.order_by(WorkReport.reported_at).limit(MANY))
    for row in rows_of_reports:
        title = read_back(row.title, row.wording)
        waiting.append(
            Waiting(WorkKind(row.kind), row.item_id, row.operator, row.reported_at, row.path, title)
        )
    return waiting


async def list_assignees(db: AsyncSession, kinds: Collection[WorkKind]) -> Mapping[tuple[str, str], UUID]:
    """Who works on what, by kind and item."""
    query = select(WorkAssignment).where(WorkAssignment.kind.in_([kind.value for kind in kinds]))
    return {(row.kind, row.item_id): row.assignee_id for row in await db.scalars(query)}


async def set_assignee(db: AsyncSession, kind: WorkKind, item_id: str, assignee_id: UUID | None) -> None:
    """Write down who works on an item; None: nobody."""
    if assignee_id is None:
        matches = (WorkAssignment.kind == kind.value, WorkAssignment.item_id == item_id)
        await db.execute(delete(WorkAssignment).where(*matches))
        return
    values = {"assignee_id": assignee_id, "assigned_at": clock.now()}
    statement = insert(WorkAssignment).values(kind=kind.value, item_id=item_id, **values)
    await db.execute(statement.on_conflict_do_update(index_elements=["kind", "item_id"], set_=values))


async def put_report(db: AsyncSession, kind: WorkKind, item_id: str, **values: Any) -> None:
    """Write a report down; one that is open keeps its instant, one that was closed opens again."""
    statement = insert(WorkReport).values(kind=kind.value, item_id=item_id, **values)
    again = {name: values[name] for name in ("title", "wording", "reported_at")} | {"closed_at": None}
    where = WorkReport.closed_at.is_not(None)
    await db.execute(
        statement.on_conflict_do_update(index_elements=["kind", "item_id"], set_=again, where=where)
    )


async def close_report(db: AsyncSession, kind: WorkKind, item_id: str) -> bool:
    """Close an open report. False if there is none."""
    statement = update(WorkReport).where(
        WorkReport.kind == kind.value, WorkReport.item_id == item_id, WorkReport.closed_at.is_(None)
    )
    return await db.scalar(statement.values(closed_at=clock.now()).returning(WorkReport.item_id)) is not None
