"""Operators, circles and connections."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.cached import NOT_MODIFIED, CachedRoute, ResponseCache
from gencharge.core.http.paging import CursorInvalid, Page, PageParams, Paging, slice_page
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as make_router
from gencharge.core.postgres.database import Db
from gencharge.core.values.phone import MobileNumber
from gencharge.operators import service as operators
from gencharge.operators.errors import (
    CircleInvalid,
    OperatorInvalid,
)
from gencharge.operators.schemas import CircleOut, ConnectionOut, CorrectConnection, LookupOut, OperatorOut
from gencharge.operators.service import CurrentOperators
from gencharge.sessions.guards import (
    SIGNED_IN_ERRORS,
    USER_ERRORS,
    Guard,
    Principal,
    SignedInUser,
)

_GUARD: Final = Guard()
_MAYBE_SIGNED_IN: Final[dict[str, Any]] = {"security": [{}, {_GUARD.scheme_name: []}]}


class OperatorRoute(CachedRoute):
    """Caches responses until the operators or circles change."""

    @staticmethod
    def current_cache(app: FastAPI) -> ResponseCache | None:
        """The responses made from the operators and circles in memory."""
        snapshot = operators.Operators.of(app).snapshot
        return snapshot.responses if snapshot is not None else None

    @staticmethod
    async def cache_for(request: Request) -> ResponseCache:
        """The same, after loading them if necessary."""
        return (await operators.Operators.for_request(request)).responses


async def _principal(request: Request) -> Principal | None:
    """Who is signed in; None without a token. An invalid token is still an error."""
    return await _GUARD(request) if "authorization" in request.headers else None


MaybeSignedIn = Annotated[Principal | None, Depends(_principal)]
router = make_router("operators")


async def list_operators(
    directory: CurrentOperators, query: Annotated[PageParams, Query()]
) -> Page[OperatorOut]:
    """The operators whose numbers can be recharged, and whether recharges go through now."""
    rows, cursor, total = slice_page(
        directory.served, query, lambda operator: (operator.sort_order, operator.code)
    )
    return Page(items=[OperatorOut.model_validate(row) for row in rows], next_cursor=cursor, total=total)


async def list_circles(directory: CurrentOperators, query: Annotated[PageParams, Query()]) -> Page[CircleOut]:
    """The 22 licence service areas, by name."""
    circles = tuple(directory.circles.values())
    rows, cursor, total = slice_page(circles, query, lambda circle: (circle.name, circle.code))
    return Page(items=[CircleOut.model_validate(row) for row in rows], next_cursor=cursor, total=total)


router.add_api_route(
    "",
    list_operators,
    methods=["GET"],
    summary="Operators",
    response_model=Page[OperatorOut],
    responses=NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
    route_class_override=OperatorRoute,
)
router.add_api_route(
    "/circles",
    list_circles,
    methods=["GET"],
    summary="Telecom circles",
    response_model=Page[CircleOut],
    responses=NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
    route_class_override=OperatorRoute,
)


@router.get(
    "/lookup",
    summary="Whose number is this?",
    response_model=LookupOut,
    responses=errors(*SIGNED_IN_ERRORS, ValidationFailed, DatabaseUnavailable),
    openapi_extra=_MAYBE_SIGNED_IN,
)
async def look_up(
    db: Db, principal: MaybeSignedIn, phone_number: Annotated[MobileNumber, Query()]
) -> LookupOut:
    """Operator, circle and service type of a mobile number, as far as they are known.

    Numbers are portable, so ask the user to confirm a `hint`. With a user's token their own corrections count. What other
    customers say about a number counts for them alone, so the answer does not depend on who is a customer.
    """
    if principal is None:
        connection = operators.guess(phone_number)
    else:
        user_id = principal.user_id if principal.kind == "user" else None
        connection = await operators.lookup(db, phone_number, user_id)
    return LookupOut(
        phone_number=phone_number,
        operator=connection.operator,
        circle=connection.circle,
        service_type=connection.service_type,
        known_by=connection.known_by,
    )


@router.get(
    "/connections",
    summary="Numbers that I corrected",
    response_model=Page[ConnectionOut],
    responses=errors(*USER_ERRORS, ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def list_connections(user: SignedInUser, db: Db, page: Paging) -> Page[ConnectionOut]:
    """The signed-in user's corrections, by number."""
    return await operators.my_connections(db, user.user_id, page)


@router.put(
    "/connections/{phone_number}",
    summary="Correct a number's operator",
    response_model=ConnectionOut,
    responses=errors(
        *USER_ERRORS, MalformedJson, ValidationFailed, OperatorInvalid, CircleInvalid, DatabaseUnavailable
    ),
)
async def correct_connection(
    user: SignedInUser,
    db: Db,
    directory: CurrentOperators,
    phone_number: MobileNumber,
    command: CorrectConnection,
) -> ConnectionOut:
    """Say what a number's operator, circle and service type are. It counts for the signed-in user only."""
    operator, circle = directory.check(command.operator, command.circle)
    return await operators.correct(
        db,
        phone_number,
        user.user_id,
        operator=operator,
        circle=circle,
        service_type=command.service_type,
    )
