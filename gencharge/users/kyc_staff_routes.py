"""`/users/kyc-requests`: customers who ask for the full KYC tier (staff)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource
from gencharge.users import kyc_service as kyc
from gencharge.users.errors import (
    KycRequestAlreadyDecided,
    KycRequestNotFound,
    UserAlreadyArchived,
    UserNotFound,
)
from gencharge.users.kyc_schemas import (
    ApproveKyc,
    KycRequestQuery,
    RejectKyc,
    StaffKycRequestOut,
    StaffKycRequestPage,
)

router = web.router("users")
Reader = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.READ))]
# As for the tier itself, which decides what a wallet may hold.
Editor = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.EDIT, step_up=True))]
_READING: Final = (*ADMIN_ERRORS, DatabaseUnavailable, ValidationFailed)
_DECIDING: Final = (
    *STEP_UP_ERRORS,
    DatabaseUnavailable,
    ValidationFailed,
    MalformedJson,
    UserNotFound,
    UserAlreadyArchived,
    KycRequestNotFound,
    KycRequestAlreadyDecided,
)


@router.get("/kyc-requests", response_model=StaffKycRequestPage, responses=errors(*_READING, CursorInvalid))
async def list_kyc_requests(
    db: Db, admin: Reader, query: Annotated[KycRequestQuery, Query()]
) -> StaffKycRequestPage:
    """Customers who ask for a higher tier, the oldest first."""
    return await kyc.list_for_staff(db, query)


@router.post(
    "/{user_id}/kyc-requests/{kyc_request_id}/approve",
    response_model=StaffKycRequestOut,
    responses=errors(*_DECIDING),
)
async def approve_kyc(
    db: Db, admin: Editor, user_id: UUID, kyc_request_id: UUID, body: ApproveKyc
) -> StaffKycRequestOut:
    """Approve a request: the tier is set at once. The evidence goes into the audit trail. Needs step-up."""
    return await kyc.decide(db, user_id, kyc_request_id, approves=True, by=admin.user_id, note=body.evidence)


@router.post(
    "/{user_id}/kyc-requests/{kyc_request_id}/reject",
    response_model=StaffKycRequestOut,
    responses=errors(*_DECIDING),
)
async def reject_kyc(
    db: Db, admin: Editor, user_id: UUID, kyc_request_id: UUID, body: RejectKyc
) -> StaffKycRequestOut:
    """Reject a request; the customer reads why. Needs step-up."""
    return await kyc.decide(db, user_id, kyc_request_id, approves=False, by=admin.user_id, note=body.reason)
