"""`/approvals`: what an admin asked for and a second one decides on (staff)."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from gencharge.approvals import staff_service
from gencharge.approvals.errors import (
    ApprovalAlreadyDecided,
    ApprovalAlreadyExpired,
    ApprovalNotFound,
    ApprovalRequesterOnly,
    ApprovalSecondAdminRequired,
)
from gencharge.approvals.staff_schemas import ApprovalDecision, ApprovalOut, ApprovalPage, ApprovalQuery
from gencharge.approvals.staff_service import Reviewer
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import language, web
from gencharge.core.http.etags import ResourceChanged
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked, WriteConflict
from gencharge.core.rooms.acts import acts_of
from gencharge.sessions.errors import AdminsOnly, SecondFactorRequired, StepUpRequired
from gencharge.sessions.guards import (
    SIGNED_IN_ERRORS,
    Gate,
    Principal,
    SignedInAdmin,
    SteppedUpAdmin,
)

router = web.router("approvals")
_ALWAYS: Final = (
    *SIGNED_IN_ERRORS,
    AdminsOnly,
    SecondFactorRequired,
    ValidationFailed,
    DatabaseUnavailable,
)
_DECIDING: Final = (
    *_ALWAYS,
    StepUpRequired,
    ApprovalNotFound,
    ApprovalAlreadyDecided,
    ApprovalAlreadyExpired,
    ResourceLocked,
    WriteConflict,
    MalformedJson,
)


def _reviewer(request: Request, admin: Principal) -> Reviewer:
    granted = Gate.of(request.app).grants.get(admin.role, frozenset())
    return Reviewer(admin, granted, acts_of(request))


async def _reader(request: Request, admin: SignedInAdmin) -> Reviewer:
    return _reviewer(request, admin)


async def _decider(request: Request, admin: SteppedUpAdmin) -> Reviewer:
    return _reviewer(request, admin)


def _reply(answer: ApprovalOut | ApprovalPage) -> Response:
    """In the language of the caller, which the summaries are in."""
    return web.reply(answer, headers=language.HEADERS[language.spoken()])


# What an admin sees and decides on follows from the permissions of each act, so that no one permission guards these routes.
Reading = Annotated[Reviewer, Depends(_reader)]
Deciding = Annotated[Reviewer, Depends(_decider)]


@router.get(
    "",
    summary="Requests that take a second admin",
    response_model=ApprovalPage,
    responses=web.errors(*_ALWAYS, CursorInvalid),
)
async def list_approvals(reviewer: Reading, db: Db, query: Annotated[ApprovalQuery, Query()]) -> Response:
    """The requests for which your role has the permission, the newest first."""
    return _reply(await staff_service.list_all(db, reviewer, query))


@router.get("/{approval_id}", response_model=ApprovalOut, responses=web.errors(*_ALWAYS, ApprovalNotFound))
async def get_approval(reviewer: Reading, db: Db, approval_id: UUID) -> Response:
    """One request, and the decision on it."""
    return _reply(await staff_service.get(db, reviewer, approval_id))


@router.post(
    "/{approval_id}/approve",
    summary="Approve a request",
    response_model=ApprovalOut,
    responses=web.errors(*_DECIDING, ApprovalSecondAdminRequired, ResourceChanged),
)
async def approve_approval(reviewer: Deciding, db: Db, approval_id: UUID, body: ApprovalDecision) -> Response:
    """Approve what another admin asked for; it is done at once. What is refused then leaves the request as it was."""
    return _reply(await staff_service.approve(db, reviewer, approval_id, body.note))


@router.post(
    "/{approval_id}/reject",
    summary="Reject a request",
    response_model=ApprovalOut,
    responses=web.errors(*_DECIDING, ApprovalSecondAdminRequired),
)
async def reject_approval(reviewer: Deciding, db: Db, approval_id: UUID, body: ApprovalDecision) -> Response:
    """Reject what another admin asked for. Nothing is done."""
    return _reply(await staff_service.reject(db, reviewer, approval_id, body.note))


@router.post(
    "/{approval_id}/cancel",
    summary="Cancel a request",
    response_model=ApprovalOut,
    responses=web.errors(*_DECIDING, ApprovalRequesterOnly),
)
async def cancel_approval(reviewer: Deciding, db: Db, approval_id: UUID, body: ApprovalDecision) -> Response:
    """Cancel your own request. Nothing is done."""
    return _reply(await staff_service.cancel(db, reviewer, approval_id, body.note))
