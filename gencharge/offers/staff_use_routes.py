"""One-time codes and uses of offers: routes for the staff."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import PlainTextResponse
from starlette.status import HTTP_201_CREATED

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as make_router
from gencharge.core.postgres.database import Db
from gencharge.offers import staff_use_service
from gencharge.offers.errors import OfferCodeNotAllowed, OfferNotFound
from gencharge.offers.staff_schemas import (
    OfferCodeOut,
    OfferCodeQuery,
    OfferCodesCreate,
    OfferFigures,
    OfferUseOut,
    OfferUseQuery,
)
from gencharge.sessions.errors import OperatorOutOfScope, StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

_READ: Final = (*SCOPED_ERRORS, OfferNotFound, ValidationFailed, DatabaseUnavailable)
_CSV: Final[dict[int | str, dict[str, Any]]] = {
    201: {"description": "The codes.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}
router = make_router("offers")
Reader = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.READ, scoped=True))]
Writer = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.WRITE, scoped=True, step_up=True))]


@router.post(
    "/{offer_id}/codes",
    status_code=HTTP_201_CREATED,
    summary="Make one-time codes (staff)",
    response_class=PlainTextResponse,
    responses=_CSV | errors(*_READ, MalformedJson, StepUpRequired, OfferCodeNotAllowed, OperatorOutOfScope),
)
async def create_codes(admin: Writer, db: Db, offer_id: UUID, command: OfferCodesCreate) -> PlainTextResponse:
    """As many as `count` for anybody who has them, or one for each customer of `user_ids` alone. The answer is a CSV file with the columns
    `code` and `user_id`, and the only one that shows codes that are free. Needs step-up."""
    lines = await staff_use_service.create_codes(db, admin, offer_id, command)
    headers = {
        "Content-Disposition": 'attachment; filename="codes.csv"',
        "Cache-Control": "no-store",
    }
    return PlainTextResponse(
        "".join(lines), status_code=HTTP_201_CREATED, media_type="text/csv", headers=headers
    )


@router.get(
    "/admin/{offer_id}/codes",
    summary="One-time codes of an offer (staff)",
    response_model=Page[OfferCodeOut],
    responses=errors(*_READ, CursorInvalid),
)
async def staff_list_codes(
    admin: Reader, db: Db, offer_id: UUID, query: Annotated[OfferCodeQuery, Query()]
) -> Page[OfferCodeOut]:
    """Who has used which code, when, for which recharge; the oldest codes first."""
    return await staff_use_service.list_codes(db, admin, offer_id, query)


@router.get(
    "/admin/{offer_id}/uses",
    summary="Uses of an offer (staff)",
    response_model=Page[OfferUseOut],
    responses=errors(*_READ, CursorInvalid),
)
async def staff_list_uses(
    admin: Reader, db: Db, offer_id: UUID, query: Annotated[OfferUseQuery, Query()]
) -> Page[OfferUseOut]:
    """Each recharge with this offer, what it gave and what it cost, newest first."""
    return await staff_use_service.list_uses(db, admin, offer_id, query)


@router.get(
    "/admin/{offer_id}/figures",
    summary="How far an offer is used (staff)",
    response_model=OfferFigures,
    responses=errors(*_READ),
)
async def staff_get_figures(admin: Reader, db: Db, offer_id: UUID) -> OfferFigures:
    """Uses and cost by now, and what is left of its limits."""
    return await staff_use_service.figures(db, admin, offer_id)
