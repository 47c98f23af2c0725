"""Decisions on requests: of two admins who hold the act's permission, the one who did not ask decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.approvals import crud
from gencharge.approvals.errors import (
    ApprovalAlreadyDecided,
    ApprovalAlreadyExpired,
    ApprovalNotFound,
    ApprovalRequesterOnly,
    ApprovalSecondAdminRequired,
)
from gencharge.approvals.events import ApprovalCancelled, ApprovalDenied, ApprovalExpired, ApprovalGranted
from gencharge.approvals.models import Approval, ApprovalStatus
from gencharge.approvals.service import event_fields, to_out
from gencharge.approvals.staff_schemas import ApprovalOut, ApprovalPage, ApprovalQuery
from gencharge.core.events.events import emit
from gencharge.core.http.choices import Choices
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.rooms.acts import Act, Approved
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.sessions.guards import Principal

_NEWEST = Order(column_of(Approval.requested_at), column_of(Approval.approval_id))


@dataclass(frozen=True, slots=True)
class Reviewer:
    """An admin, what the role grants, and all acts: together, which requests the admin sees and decides on."""

    admin: Principal
    granted: Collection[str]
    acts: Mapping[str, Act]

    @property
    def visible(self) -> ColumnElement[bool]:
        """The requests for which the admin holds the permission and, if limited to some operators, that concern these."""
        names = [act.name for act in self.acts.values() if act.permission in self.granted]
        return crud.visible_to(names, self.admin.operator_scope)


async def list_all(db: AsyncSession, reviewer: Reviewer, query: ApprovalQuery) -> ApprovalPage:
    """A page of the requests that the admin may decide on or made, the newest first."""
    rows, cursor, total = await fetch_page(
        db, crud.select_all(query, reviewer.visible, now=clock.now()), _NEWEST, query
    )
    return ApprovalPage(items=[to_out(row) for row in rows], next_cursor=cursor, total=total)


async def get(db: AsyncSession, reviewer: Reviewer, approval_id: UUID) -> ApprovalOut:
    """One request. Raises ApprovalNotFound, also without the act's permission and outside the scope."""
    return to_out(await _get(db, reviewer, approval_id))


async def approve(db: AsyncSession, reviewer: Reviewer, approval_id: UUID, note: str) -> ApprovalOut:
    """Approve another admin's request and do what it asks for, both or neither.

    Raises ApprovalNotFound, ApprovalSecondAdminRequired, ApprovalAlreadyDecided, ApprovalAlreadyExpired, and what the act
    raises. After any of them the request is as it was.
    """
    approval = await _decide(db, reviewer, approval_id, ApprovalStatus.APPROVED, note)
    approved = Approved(approval.payload, approval.requested_by, reviewer.admin.user_id)
    await reviewer.acts[approval.act].run(db, approved)
    await crud.forget_payload(db, approval)
    await emit(db, ApprovalGranted(**event_fields(approval)))
    return to_out(approval)


async def reject(db: AsyncSession, reviewer: Reviewer, approval_id: UUID, note: str) -> ApprovalOut:
    """Reject another admin's request. Raises as `approve`, but for the act."""
    approval = await _decide(db, reviewer, approval_id, ApprovalStatus.REJECTED, note)
    await crud.forget_payload(db, approval)
    await emit(db, ApprovalDenied(**event_fields(approval)))
    return to_out(approval)


async def cancel(db: AsyncSession, reviewer: Reviewer, approval_id: UUID, note: str) -> ApprovalOut:
    """Cancel one's own request. Raises ApprovalNotFound, ApprovalRequesterOnly, ApprovalAlreadyDecided, ApprovalAlreadyExpired."""
    approval = await _decide(db, reviewer, approval_id, ApprovalStatus.CANCELLED, note)
    await crud.forget_payload(db, approval)
    await emit(db, ApprovalCancelled(**event_fields(approval)))
    return to_out(approval)


async def expire(db: AsyncSession, *, limit: int) -> int:
    """Close up to `limit` requests that nobody decided on in time; returns how many."""
    overdue = await crud.expire(db, now=clock.now(), limit=limit)
    await emit(db, *(ApprovalExpired(**event_fields(row)) for row in overdue))
    return len(overdue)


async def _decide(
    db: AsyncSession, reviewer: Reviewer, approval_id: UUID, status: ApprovalStatus, note: str
) -> Approval:
    """Decide by one conditional UPDATE: of many calls at once one gets the row, the others an error that says why."""
    admin_id = reviewer.admin.user_id
    decided = await crud.decide(
        db, approval_id, reviewer.visible, admin_id=admin_id, status=status, note=note, now=clock.now()
    )
    if decided is not None:
        return decided
    approval = await _get(db, reviewer, approval_id)
    cancelling = status is ApprovalStatus.CANCELLED
    if (approval.requested_by == admin_id) is not cancelling:
        raise ApprovalRequesterOnly if cancelling else ApprovalSecondAdminRequired
    if approval.status not in {ApprovalStatus.PENDING, ApprovalStatus.EXPIRED}:
        raise ApprovalAlreadyDecided(
            worded("This request is already {status}.", status=approval.status),
            approval_status=approval.status,
        )
    raise ApprovalAlreadyExpired


async def _get(db: AsyncSession, reviewer: Reviewer, approval_id: UUID) -> Approval:
    approval = await crud.get(db, approval_id, reviewer.visible)
    if approval is None:
        raise ApprovalNotFound
    return approval


async def act_choices(app: FastAPI, fresh: bool) -> Choices:
    """The acts that take a second admin."""
    del fresh
    return Choices.of(sorted(app.state.acts))
