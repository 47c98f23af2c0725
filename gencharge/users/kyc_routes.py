"""`/users/me/kyc-requests`: ask for the full KYC tier."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, PageParams
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import USER_ERRORS, SignedInUser
from gencharge.users import kyc_service as kyc
from gencharge.users.errors import (
    KycRequestAlreadyPending,
    KycRequestNotFound,
    KycTierAlreadySet,
    UserAlreadyArchived,
    UserNotFound,
)
from gencharge.users.kyc_schemas import KycRequestOut, KycRequestPage, RequestKyc

router = web.router("users")
_ALWAYS: Final = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)


@router.post(
    "/me/kyc-requests",
    status_code=201,
    response_model=KycRequestOut,
    responses=errors(
        *_ALWAYS,
        MalformedJson,
        UserNotFound,
        UserAlreadyArchived,
        KycTierAlreadySet,
        KycRequestAlreadyPending,
    ),
)
async def request_kyc(db: Db, user: SignedInUser, body: RequestKyc) -> KycRequestOut:
    """Ask for the full KYC tier, which raises the wallet's limits. The staff check a document and decide."""
    return await kyc.request(db, user.user_id, body)


@router.get("/me/kyc-requests", response_model=KycRequestPage, responses=errors(*_ALWAYS, CursorInvalid))
async def list_my_kyc_requests(
    db: Db, user: SignedInUser, query: Annotated[PageParams, Query()]
) -> KycRequestPage:
    """My requests for a higher tier, the newest first."""
    return await kyc.list_mine(db, user.user_id, query)


@router.get(
    "/me/kyc-requests/{kyc_request_id}",
    response_model=KycRequestOut,
    responses=errors(*_ALWAYS, KycRequestNotFound),
)
async def get_my_kyc_request(db: Db, user: SignedInUser, kyc_request_id: UUID) -> KycRequestOut:
    """One of my requests for a higher tier."""
    return await kyc.read(db, user.user_id, kyc_request_id)
