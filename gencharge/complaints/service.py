"""A customer complains about a recharge, and reads how it ended."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.complaints import crud, turnaround
from gencharge.complaints.errors import ComplaintAlreadyOpen, ComplaintNotFound
from gencharge.complaints.events import ComplaintMade
from gencharge.complaints.models import Complaint, ComplaintReason, ComplaintStatus
from gencharge.complaints.schemas import Complain, ComplaintOut, ComplaintPage
from gencharge.core.events.events import emit
from gencharge.core.http.paging import PageParams
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge import service as recharges


async def complain(db: AsyncSession, user_id: UUID, command: Complain) -> ComplaintOut:
    """Complain about one of the customer's recharges. Raises RechargeNotFound, ComplaintAlreadyOpen."""
    recharge = await recharges.get(db, user_id, command.recharge_id)
    now = clock.now()
    row = await crud.add_complaint(
        db,
        user_id=user_id,
        complaint_id=new_id(),
        recharge_id=recharge.id,
        operator=recharge.operator,
        reason=command.reason.value,
        due_at=turnaround.due_at(command.reason, now),
        created_at=now,
    )
    if row is None:
        raise ComplaintAlreadyOpen
    await emit(
        db,
        ComplaintMade(
            user_id=str(user_id),
            complaint_id=str(row.complaint_id),
            recharge_id=str(recharge.id),
            operator=recharge.operator,
            cause=row.reason,
            due_at=row.due_at.isoformat(),
        ),
    )
    return to_out(row)


async def read(db: AsyncSession, user_id: UUID, complaint_id: UUID) -> ComplaintOut:
    """One of the customer's complaints. Raises ComplaintNotFound, also for another customer's."""
    row = await crud.get_complaint(db, user_id, complaint_id)
    if row is None:
        raise ComplaintNotFound
    return to_out(row)


async def list_complaints(db: AsyncSession, user_id: UUID, page: PageParams) -> ComplaintPage:
    """A page of the customer's complaints, the newest first."""
    rows, cursor, total = await crud.list_of_user(db, user_id, page)
    return ComplaintPage(items=[to_out(row) for row in rows], next_cursor=cursor, total=total)


def to_out(row: Complaint) -> ComplaintOut:
    """A complaint as its customer reads it."""
    return ComplaintOut(
        complaint_id=row.complaint_id,
        recharge_id=row.recharge_id,
        reason=ComplaintReason(row.reason),
        status=ComplaintStatus(row.status),
        due_at=row.due_at,
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        resolution=row.resolution_note,
    )


async def find_recharge(db: AsyncSession, complaint_id: UUID) -> tuple[UUID, UUID] | None:
    """The customer and the recharge that a complaint is about, by the complaint's id alone."""
    return await crud.find_recharge(db, complaint_id)
