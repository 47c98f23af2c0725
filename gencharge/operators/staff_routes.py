"""Operators: routes for the staff."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as make_router
from gencharge.core.postgres.database import Db
from gencharge.operators import staff_service
from gencharge.operators.errors import (
    OperatorAlreadyExists,
    OperatorInUse,
    OperatorNotFound,
)
from gencharge.operators.staff_schemas import (
    OperatorCreate,
    OperatorUpdate,
    StaffOperatorOut,
    StaffOperatorQuery,
)
from gencharge.sessions.errors import OperatorScopeTooNarrow, StepUpRequired
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    SCOPED_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
)

router = make_router("operators")
Reader = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.READ, scoped=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.EDIT, scoped=True, step_up=True))]
Creator = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.WRITE, step_up=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.OPERATORS, Action.DELETE, step_up=True))]
OperatorCode = Annotated[str, Path(max_length=20, pattern="^[A-Za-z0-9_]+$", examples=["JIO"])]


@router.get(
    "/admin",
    summary="All operators (staff)",
    response_model=Page[StaffOperatorOut],
    responses=errors(*SCOPED_ERRORS, ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def staff_list_operators(
    admin: Reader, db: Db, query: Annotated[StaffOperatorQuery, Query()]
) -> Page[StaffOperatorOut]:
    """Every operator in your scope, served or not, with its channel."""
    return await staff_service.list_all(db, admin, query)


@router.post(
    "",
    summary="Add an operator (staff)",
    status_code=201,
    response_model=StaffOperatorOut,
    responses=errors(
        *ADMIN_ERRORS,
        StepUpRequired,
        MalformedJson,
        ValidationFailed,
        OperatorAlreadyExists,
        DatabaseUnavailable,
    ),
)
async def create_operator(admin: Creator, db: Db, command: OperatorCreate) -> StaffOperatorOut:
    """A new operator; plans can be made for it at once. Needs step-up."""
    del admin
    return await staff_service.create(db, command)


@router.patch(
    "/{operator}",
    summary="Change an operator (staff)",
    response_model=StaffOperatorOut,
    responses=errors(
        *SCOPED_ERRORS,
        StepUpRequired,
        MalformedJson,
        ValidationFailed,
        OperatorNotFound,
        ResourceChanged,
        OperatorScopeTooNarrow,
        DatabaseUnavailable,
    ),
)
async def update_operator(
    admin: Editor, db: Db, operator: OperatorCode, command: OperatorUpdate, if_match: IfMatch = None
) -> StaffOperatorOut:
    """Names, state, channel, order. `down` stops recharges of the operator with this answer.

    `maintenance` stops them for a while: quotes, recharges and bills are refused (`operator_down`), and what is on its way waits. An
    admin whose role is limited to some operators may set `status` and `maintenance` of those. Needs step-up.
    """
    return await staff_service.update(db, admin, operator, command, if_match=if_match)


@router.delete(
    "/{operator}",
    summary="Delete an operator (staff)",
    status_code=204,
    responses=errors(
        *ADMIN_ERRORS, StepUpRequired, ValidationFailed, OperatorNotFound, OperatorInUse, DatabaseUnavailable
    ),
)
async def delete_operator(admin: Deleter, db: Db, operator: OperatorCode) -> None:
    """Only one that no plan and no number refers to; any other is set inactive with PATCH."""
    del admin
    await staff_service.delete(db, operator)
