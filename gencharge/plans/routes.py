"""Public routes of the catalogue: ready bytes with an ETag."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http.cached import Answers, ReadyRoute
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import each_once, errors
from gencharge.core.http.web import router as router_of
from gencharge.core.values import clock
from gencharge.plans import public_list
from gencharge.plans import service as plans
from gencharge.plans.catalogue import Shelf
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.schemas import PlanGroupOut, PlanOut, PlanQuery

_SHELF: Final = "gencharge.shelf"
_NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing new since the answer with the ETag that `If-None-Match` names."}
}


class ShelfRoute(ReadyRoute):
    """Answers from what is on sale now; an answer is kept until the catalogue or what is on sale changes."""

    @staticmethod
    def present_answers(app: FastAPI) -> Answers | None:
        """The answers of what is on sale now."""
        catalogue = plans.catalogue_of(app).snapshot
        return catalogue.public(clock.now()).answers if catalogue is not None else None

    @staticmethod
    async def answers_of(request: Request) -> Answers:
        """The answers of the present shelf, which the route's function then works with."""
        shelf = (await plans.get_catalogue(request)).public(clock.now())
        request.scope[_SHELF] = shelf
        return shelf.answers


async def _shelf(request: Request) -> Shelf:
    return cast(Shelf, request.scope[_SHELF])


CurrentShelf = Annotated[Shelf, Depends(_shelf)]
router = router_of("plans", route_class=ShelfRoute)


@router.get(
    "",
    summary="Plans on sale",
    response_model=Page[PlanOut],
    dependencies=[Depends(each_once)],
    responses=_NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def list_plans(shelf: CurrentShelf, query: Annotated[PlanQuery, Query()]) -> Page[PlanOut]:
    """Every plan that can be bought now, most popular first unless `sort` says otherwise.

    The answer may be cached: it has an `ETag`, and `If-None-Match` is answered with 304.
    """
    return public_list.page_of(shelf, query)


@router.get(
    "/groups",
    summary="Plan groups",
    response_model=Page[PlanGroupOut],
    responses=_NOT_MODIFIED | errors(DatabaseUnavailable),
)
async def list_plan_groups(shelf: CurrentShelf) -> Page[PlanGroupOut]:
    """The groups of the catalogue in their order, each with the number of its plans on sale."""
    counts = Counter(plan.group_id for plan in shelf.plans)
    groups = shelf.catalogue.groups
    items = [PlanGroupOut.of(group, counts[group.group_id]) for group in groups]
    return Page(items=items, next_cursor=None, total=len(items))


@router.get(
    "/{plan_id}",
    summary="One plan",
    response_model=PlanOut,
    responses=_NOT_MODIFIED | errors(PlanNotFound, ValidationFailed, DatabaseUnavailable),
)
async def get_plan(shelf: CurrentShelf, plan_id: UUID) -> PlanOut:
    """A plan that is or was on sale; `status` is `inactive` once it can't be bought any more."""
    return PlanOut.of(shelf.published(plan_id))
