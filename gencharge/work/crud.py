"""What waits, read from the tables of the rooms. Each statement reads a bounded number of rows, the oldest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.work.models import WorkAssignment, WorkKind, WorkReport

# Of each kind: more of one kind is a problem of its own.
MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits."""

    kind: WorkKind
    item_id: str
    title: str
    operator: str | None
    since: datetime
    path: str
    # The act that a second admin is asked for.
    act: str | None = None


# Columns: item_id, title, operator, since, path; of an approval its act, too.
_QUERIES: Final = {
    WorkKind.STUCK_RECHARGE: text("""
        SELECT recharge_id::text, 'Recharge of ' || operator || ' is ' || state, operator, created_at,
               '/v1/recharge/admin/' || user_id || '/' || recharge_id || '/story'
        FROM fulfilments WHERE user_id IS NOT NULL AND next_attempt_at IS NOT NULL AND alerted_at IS NOT NULL
        ORDER BY created_at LIMIT :many
    """),
    WorkKind.DIFFERENCE: text("""
        SELECT difference_id::text, counterparty || ' on ' || day || '\\: ' || kind, NULL,
               day\\:\\:timestamp AT TIME ZONE 'Asia/Kolkata', '/v1/reconciliation/runs/' || run_id || '/differences'
        FROM reconciliation_differences WHERE status IN ('open', 'claimed') ORDER BY day LIMIT :many
    """),
    WorkKind.ADJUSTMENT: text("""
        SELECT adjustment_id::text, direction || ' of a balance\\: ' || reason, NULL, requested_at,
               '/v1/wallet/admin/adjustments'
        FROM adjustments WHERE user_id IS NOT NULL AND status = 'pending' ORDER BY requested_at LIMIT :many
    """),
    WorkKind.APPROVAL: text("""
        SELECT approval_id::text, summary, operator, requested_at, '/v1/approvals/' || approval_id, act
        FROM approvals WHERE status = 'pending' ORDER BY requested_at LIMIT :many
    """),
    WorkKind.COMPLAINT: text(r"""
        SELECT complaint_id::text, 'Complaint\: ' || reason, operator, created_at, '/v1/complaints/admin'
        FROM complaints WHERE user_id IS NOT NULL AND status = 'open' ORDER BY due_at LIMIT :many
    """),
    WorkKind.KYC_REQUEST: text("""
        SELECT kyc_request_id::text, 'Full KYC tier, shows ' || document, NULL, created_at, '/v1/users/kyc-requests'
        FROM kyc_requests WHERE user_id IS NOT NULL AND status = 'pending' ORDER BY created_at LIMIT :many
    """),
    WorkKind.PARKED_DELIVERY: text("""
        SELECT user_id || '/' || event_id || '/' || listener, topic || ' refused by ' || listener, NULL, parked_at,
               '/v1/work'
        FROM deliveries WHERE user_id IS NOT NULL AND parked_at IS NOT NULL ORDER BY parked_at LIMIT :many
    """),
    WorkKind.LOW_FLOAT: text(r"""
        SELECT f.channel, 'Balance at ' || f.channel || '\: Rs ' || (f.balance / 100), c.operator, f.low_since,
               '/v1/channels/' || f.channel || '/health'
        FROM channel_floats f JOIN operator_channels c ON c.code = f.channel
        WHERE f.low_since IS NOT NULL AND c.is_active ORDER BY f.low_since LIMIT :many
    """),
    WorkKind.DISABLED_ENDPOINT: text("""
        SELECT endpoint_id::text, url || ' gets no messages', NULL, disabled_at, '/v1/webhooks/endpoints/' || endpoint_id
        FROM webhook_endpoints WHERE disabled_reason IS NOT NULL AND NOT is_active ORDER BY disabled_at LIMIT :many
    """),
}
REPORTED: Final = frozenset(
    {WorkKind.DISPUTED_DELIVERY, WorkKind.PARKED_GATEWAY_EVENT, WorkKind.FAILED_LEDGER_CHECK}
)


async def list_waiting(db: AsyncSession, kinds: Collection[WorkKind]) -> list[Waiting]:
    """What waits of these kinds, up to MANY of each."""
    waiting: list[Waiting] = []
    for kind, query in _QUERIES.items():
        if kind in kinds:
            rows = await db.execute(query, {"many": MANY})
            waiting += [Waiting(kind, *row) for row in rows]
    reported = [kind.value for kind in kinds if kind in REPORTED]
    reports = select(WorkReport).where(WorkReport.closed_at.is_(None), WorkReport.kind.in_(reported))
    rows_of_reports = await db.scalars(reports.order_by(WorkReport.reported_at).limit(MANY))
    waiting += [
        Waiting(WorkKind(row.kind), row.item_id, row.title, row.operator, row.reported_at, row.path)
        for row in rows_of_reports
    ]
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
    again = {"title": values["title"], "reported_at": values["reported_at"], "closed_at": None}
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
