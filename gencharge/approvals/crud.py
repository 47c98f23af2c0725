"""SQL of the approvals. Decides nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals.models import Approval, ApprovalStatus
from gencharge.approvals.staff_schemas import ApprovalQuery
from gencharge.core.http.paging import column_of
from gencharge.core.postgres import leases

_OVERDUE: Final = leases.Queue(
    Approval,
    Approval.status == ApprovalStatus.PENDING,
    Approval.expires_at <= leases.NOW,
    order=Approval.requested_at,
    changes={
        Approval.status: ApprovalStatus.EXPIRED,
        Approval.decided_at: Approval.expires_at,
        Approval.payload: {},
    },
)


async def add(db: AsyncSession, **values: Any) -> Approval | None:
    """Add a request; None if another one for the same target is pending, or has the admin's key."""
    statement = insert(Approval).values(**values).on_conflict_do_nothing()
    return (await db.scalars(statement.returning(Approval))).one_or_none()


async def expire_overdue(db: AsyncSession, *, act: str, target: str, now: datetime) -> Approval | None:
    """Close the request for this target that has expired and that the job has not closed yet, if there is one."""
    statement = (
        update(Approval)
        .where(
            Approval.act == act,
            Approval.target == target,
            Approval.status == ApprovalStatus.PENDING,
            Approval.expires_at <= now,
        )
        .values(status=ApprovalStatus.EXPIRED.value, decided_at=Approval.expires_at, payload={})
        .returning(Approval)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).one_or_none()


async def find_pending(db: AsyncSession, *, act: str, target: str) -> Approval | None:
    """The request for this target that is pending, as it is in the database now."""
    statement = select(Approval).where(
        Approval.act == act, Approval.target == target, Approval.status == ApprovalStatus.PENDING
    )
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def is_pending(db: AsyncSession, *, act: str, target: str, now: datetime) -> bool:
    """Whether a request for this target is pending and has not expired."""
    same = (Approval.act == act, Approval.target == target)
    waits = (Approval.status == ApprovalStatus.PENDING, Approval.expires_at > now)
    return bool(await db.scalar(select(exists().where(*same, *waits))))


async def find_by_key(db: AsyncSession, *, requested_by: UUID, idempotency_key: str) -> Approval | None:
    """The request that an admin's Idempotency-Key was used for."""
    statement = select(Approval).where(
        Approval.requested_by == requested_by, Approval.idempotency_key == idempotency_key
    )
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def get(db: AsyncSession, approval_id: UUID, visible: ColumnElement[bool]) -> Approval | None:
    """One request, as it is in the database now, if it is `visible`."""
    statement = select(Approval).where(Approval.approval_id == approval_id, visible)
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def decide(
    db: AsyncSession,
    approval_id: UUID,
    visible: ColumnElement[bool],
    *,
    admin_id: UUID,
    status: ApprovalStatus,
    note: str,
    now: datetime,
) -> Approval | None:
    """Decide on a pending request that has not expired: of many calls at once, one gets the row, the others None.

    Only the admin who made it can cancel it, and only another admin can approve or reject it.
    """
    is_own = column_of(Approval.requested_by) == admin_id
    statement = (
        update(Approval)
        .where(
            Approval.approval_id == approval_id,
            visible,
            Approval.status == ApprovalStatus.PENDING,
            Approval.expires_at > now,
            is_own if status is ApprovalStatus.CANCELLED else ~is_own,
        )
        .values(status=status.value, decided_by=admin_id, decided_at=now, decision_note=note)
        .returning(Approval)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).one_or_none()


async def forget_payload(db: AsyncSession, approval: Approval) -> None:
    """Empty the payload of a request that is decided: it may name a person, and nobody reads it again."""
    approval.payload = {}
    await db.flush()


async def expire(db: AsyncSession, *, now: datetime, limit: int) -> list[Approval]:
    """Close up to `limit` requests that have expired, oldest first, each of them once."""
    return [approval for (approval,) in await _OVERDUE.take(db, limit=limit, pinned=now)]


def visible_to(acts: Collection[str], scope: Collection[str]) -> ColumnElement[bool]:
    """The requests of these acts; with a `scope`, only those that concern one of its operators."""
    of_acts = column_of(Approval.act).in_(acts)
    return and_(of_acts, column_of(Approval.operator).in_(scope)) if scope else of_acts


def select_all(query: ApprovalQuery, visible: ColumnElement[bool], *, now: datetime) -> Select[Approval]:
    """The requests that are visible and that the filters name; one that has expired is not pending any more."""
    is_overdue = and_(Approval.status == ApprovalStatus.PENDING, Approval.expires_at <= now)
    status = case((is_overdue, ApprovalStatus.EXPIRED.value), else_=Approval.status)
    equal: dict[ColumnElement[Any], Any] = {
        status: query.status,
        column_of(Approval.act): query.act,
        column_of(Approval.requested_by): query.requested_by,
    }
    return select(Approval).where(
        visible, *(column == value for column, value in equal.items() if value is not None)
    )
