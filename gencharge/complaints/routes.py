"""`/complaints`: complain about a recharge."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from gencharge.complaints import service
from gencharge.complaints.errors import ComplaintAlreadyOpen, ComplaintNotFound
from gencharge.complaints.schemas import Complain, ComplaintOut, ComplaintPage
from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid, PageParams
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

router = web.router("complaints")
_ALWAYS: Final = (*USER_ERRORS, ValidationFailed, DatabaseUnavailable)


@router.post(
    "",
    status_code=201,
    response_model=ComplaintOut,
    responses=errors(*_ALWAYS, MalformedJson, RechargeNotFound, ComplaintAlreadyOpen),
)
async def make_complaint(db: Db, user: SignedInUser, body: Complain) -> ComplaintOut:
    """Complain about one of my recharges. The answer says until when it has to be settled."""
    return await service.complain(db, user.user_id, body)


@router.get("", response_model=ComplaintPage, responses=errors(*_ALWAYS, CursorInvalid))
async def list_complaints(db: Db, user: SignedInUser, query: Annotated[PageParams, Query()]) -> ComplaintPage:
    """My complaints, the newest first."""
    return await service.list_complaints(db, user.user_id, query)


@router.get("/{complaint_id}", response_model=ComplaintOut, responses=errors(*_ALWAYS, ComplaintNotFound))
async def get_complaint(db: Db, user: SignedInUser, complaint_id: UUID) -> ComplaintOut:
    """One of my complaints."""
    return await service.read(db, user.user_id, complaint_id)
