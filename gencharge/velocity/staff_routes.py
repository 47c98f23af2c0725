"""`/velocity`: what the velocity rules held back, and whom the staff allow more."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.sessions.guards import ADMIN_ERRORS, STEP_UP_ERRORS, Action, Principal, Requires, Resource
from gencharge.users.errors import UserNotFound
from gencharge.velocity import staff_service
from gencharge.velocity.errors import VelocityAllowanceNotFound
from gencharge.velocity.staff_schemas import (
    AllowanceCreate,
    AllowanceOut,
    AllowancePage,
    AllowanceQuery,
    HeldBackQuery,
    StaffHeldBackPage,
)

router = web.router("velocity")
_LIST: Final = (CursorInvalid, ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS)
_CHANGING: Final = (ValidationFailed, DatabaseUnavailable, *STEP_UP_ERRORS)
# What is held back is about customers' money as a whole, so an admin limited to some operators does not see it.
Reader = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.READ))]
Editor = Annotated[Principal, Depends(Requires(Resource.WALLET, Action.EDIT, step_up=True))]


@router.get("/held-back", summary="What the velocity rules held back (staff)", responses=web.errors(*_LIST))
async def list_held_back(
    admin: Reader, db: Db, query: Annotated[HeldBackQuery, Query()]
) -> StaffHeldBackPage:
    """Recharges and top-ups of all customers that a velocity rule refused, newest first: one row for each customer, rule and
    number in an hour.

    A page may hold fewer than `limit` rows and still have a `next_cursor`: follow it until it is null.
    """
    del admin
    return await staff_service.list_held_back(db, query)


@router.get("/allowances", summary="Velocity allowances (staff)", responses=web.errors(*_LIST))
async def list_allowances(admin: Reader, db: Db, query: Annotated[AllowanceQuery, Query()]) -> AllowancePage:
    """The customers, numbers and addresses whose bounds the staff multiplied, newest first, those that have ended too."""
    del admin
    return await staff_service.list_allowances(db, query)


@router.post(
    "/allowances",
    summary="Allow a customer, a number or an address more (staff)",
    status_code=HTTP_201_CREATED,
    response_model=AllowanceOut,
    responses=web.errors(UserNotFound, MalformedJson, *_CHANGING),
)
async def create_allowance(admin: Editor, db: Db, command: AllowanceCreate) -> AllowanceOut:
    """Multiply the velocity bounds of one customer, such as a shop, of one number, or of one address, such as a campus, until an instant. It
    counts at once. Needs step-up; the audit trail records it."""
    return await staff_service.allow(db, admin.user_id, command)


@router.delete(
    "/allowances/{allowance_id}",
    summary="Withdraw an allowance (staff)",
    status_code=HTTP_204_NO_CONTENT,
    responses=web.errors(VelocityAllowanceNotFound, *_CHANGING),
)
async def delete_allowance(admin: Editor, db: Db, allowance_id: UUID) -> None:
    """End an allowance at once; it stays on the list. Needs step-up; the audit trail records it."""
    del admin
    await staff_service.withdraw(db, allowance_id)
