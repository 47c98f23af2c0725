"""What the staff do with complaints: take one over, and settle it. A compensation is an adjustment, which a second admin approves."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.complaints import crud, turnaround
from gencharge.complaints.errors import (
    ComplaintAlreadyResolved,
    ComplaintAssigneeInvalid,
    ComplaintNotFound,
)
from gencharge.complaints.events import ComplaintAssigned, ComplaintResolved
from gencharge.complaints.models import Complaint, ComplaintReason, ComplaintStatus
from gencharge.complaints.schemas import (
    ComplaintQuery,
    ResolveComplaint,
    StaffComplaintOut,
    StaffComplaintPage,
)
from gencharge.core.events.events import changes, emit
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge import service as recharges
from gencharge.recharge.models import Recharge
from gencharge.sessions.guards import Action, Principal, Resource, permission
from gencharge.wallet import service as wallet
from gencharge.wallet.models import AdjustmentDirection

SETTLES: Final = permission(Resource.WALLET, Action.EDIT)


async def list_complaints(db: AsyncSession, query: ComplaintQuery) -> StaffComplaintPage:
    """A page of all customers' complaints of a status, the one that is due first at the top."""
    rows, cursor, total = await crud.list_all(db, query.status, query)
    about = await recharges.list_of_keys(db, [(row.user_id, row.recharge_id) for row in rows])
    by_id = {recharge.id: recharge for recharge in about}
    items = [_to_out(row, by_id[row.recharge_id]) for row in rows]
    return StaffComplaintPage(items=items, next_cursor=cursor, total=total)


async def assign(
    db: AsyncSession, user_id: UUID, complaint_id: UUID, assignee_id: UUID | None
) -> StaffComplaintOut:
    """Say who works on it. Raises ComplaintNotFound, ComplaintAlreadyResolved, ComplaintAssigneeInvalid."""
    row = await _lock_open(db, user_id, complaint_id)
    if assignee_id is not None and assignee_id not in await admins.holders_of(db, SETTLES):
        raise ComplaintAssigneeInvalid
    before, row.assignee_id = row.assignee_id, assignee_id
    await db.flush()
    changed = changes(
        {"assignee_id": before and str(before)}, {"assignee_id": assignee_id and str(assignee_id)}
    )
    about = {"complaint_id": str(complaint_id), "recharge_id": str(row.recharge_id)}
    await emit(db, ComplaintAssigned(user_id=str(user_id), **about, changes=changed))
    return _to_out(row, await recharges.get(db, user_id, row.recharge_id))


async def resolve(
    db: AsyncSession, admin: Principal, user_id: UUID, complaint_id: UUID, command: ResolveComplaint
) -> StaffComplaintOut:
    """Settle a complaint, and request the compensation in the same transaction: once.

    Raises ComplaintNotFound, ComplaintAlreadyResolved, UserNotFound, WalletNotFound.
    """
    row = await _lock_open(db, user_id, complaint_id)
    recharge = await recharges.get(db, user_id, row.recharge_id)
    if command.compensation is not None:
        requested = await wallet.request_adjustment(
            db,
            admin.user_id,
            wallet.AdjustmentCreate(
                user_id=user_id,
                direction=AdjustmentDirection.CREDIT,
                amount=command.compensation,
                reason=wallet.AdjustmentReason.GOODWILL,
                note=f"Compensation of a complaint: {row.reason}",
                reference=str(complaint_id),
            ),
            key=f"complaint:{complaint_id}",
        )
        row.adjustment_id = requested.answer.adjustment_id
    row.status, row.resolution_note = command.outcome, command.note
    row.resolved_by, row.resolved_at = admin.user_id, clock.now()
    await db.flush()
    resolved = ComplaintResolved(
        user_id=str(user_id),
        complaint_id=str(complaint_id),
        recharge_id=str(row.recharge_id),
        operator=row.operator,
        plan_name=recharge.plan_name,
        phone_number=recharge.phone_number,
        status=row.status,
        reason=command.note,
        compensation_paise=command.compensation.paise if command.compensation is not None else 0,
        changes=changes({"status": ComplaintStatus.OPEN.value}, {"status": row.status}),
    )
    await emit(db, resolved)
    return _to_out(row, recharge)


async def _lock_open(db: AsyncSession, user_id: UUID, complaint_id: UUID) -> Complaint:
    row = await crud.lock_complaint(db, user_id, complaint_id)
    if row is None:
        raise ComplaintNotFound
    if row.status != ComplaintStatus.OPEN:
        raise ComplaintAlreadyResolved(complaint_status=row.status)
    return row


def _to_out(row: Complaint, recharge: Recharge) -> StaffComplaintOut:
    reason, at = ComplaintReason(row.reason), row.resolved_at or clock.now()
    rejected = row.status == ComplaintStatus.REJECTED
    return StaffComplaintOut(
        user_id=row.user_id,
        complaint_id=row.complaint_id,
        recharge_id=row.recharge_id,
        operator=row.operator,
        reason=reason,
        status=ComplaintStatus(row.status),
        due_at=row.due_at,
        is_overdue=at > row.due_at,
        compensation_owed=Money(0) if rejected else turnaround.owed(reason, recharge.created_at, at),
        assignee_id=row.assignee_id,
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution_note,
        adjustment_id=row.adjustment_id,
    )
