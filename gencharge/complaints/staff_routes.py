"""`/complaints/admin`: all customers' complaints (staff). About money, so with the wallets' permission."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.complaints import staff_service
from gencharge.complaints.errors import (
    ComplaintAlreadyResolved,
    ComplaintAssigneeInvalid,
    ComplaintNotFound,
)
from gencharge.complaints.schemas import (
    AssignComplaint,
    ComplaintQuery,
    ResolveComplaint,
    StaffComplaintOut,
    StaffComplaintPage,
)
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource
from gencharge.users.errors import UserNotFound
from gencharge.wallet.errors import WalletNotFound

router = web.router("complaints")
Reader = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.EDIT))]
SteppedUpEditor = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.EDIT, step_up=True))]
_ALWAYS: Final = (*ADMIN_ERRORS, ValidationFailed, DatabaseUnavailable)
_SETTLING: Final = (*_ALWAYS, MalformedJson, ComplaintNotFound, ComplaintAlreadyResolved)


@router.get(
    "/admin",
    summary="All complaints (staff)",
    response_model=StaffComplaintPage,
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def staff_list_complaints(
    db: Db, admin: Reader, query: Annotated[ComplaintQuery, Query()]
) -> StaffComplaintPage:
    """Complaints of a status, the one that is due first at the top."""
    return await staff_service.list_complaints(db, query)


@router.put(
    "/admin/{user_id}/{complaint_id}/assignee",
    summary="Assign a complaint (staff)",
    response_model=StaffComplaintOut,
    responses=errors(*_SETTLING, ComplaintAssigneeInvalid),
)
async def staff_replace_assignee(
    db: Db, admin: Editor, user_id: UUID, complaint_id: UUID, body: AssignComplaint
) -> StaffComplaintOut:
    """Let an admin work on it whose role allows to settle it, or nobody."""
    return await staff_service.assign(db, user_id, complaint_id, body.assignee_id)


@router.post(
    "/admin/{user_id}/{complaint_id}/resolve",
    summary="Settle a complaint (staff)",
    response_model=StaffComplaintOut,
    responses=errors(*_SETTLING, StepUpRequired, UserNotFound, WalletNotFound),
)
async def staff_resolve_complaint(
    db: Db, admin: SteppedUpEditor, user_id: UUID, complaint_id: UUID, body: ResolveComplaint
) -> StaffComplaintOut:
    """Uphold or reject a complaint; the customer is told. A compensation waits for a second admin. Needs step-up."""
    return await staff_service.resolve(db, admin, user_id, complaint_id, body)
