"""Public routes of the catalogue, served from a cache with an ETag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http.cached import NOT_MODIFIED, CachedRoute, ResponseCache
from gencharge.core.http.paging import CursorInvalid, Page, PageParams, slice_page
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as router_of
from gencharge.core.values import clock
from gencharge.operators import service as operators
from gencharge.plans import public_list
from gencharge.plans import service as plans
from gencharge.plans.catalogue import PlansOnSale
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.schemas import PlanGroupOut, PlanOut, PlanPage, PlanQuery

_ON_SALE: Final = "gencharge.plans_on_sale"


class PlanRoute(CachedRoute):
    """Caches responses until the catalogue changes, or the sale of a plan begins or ends."""

    @staticmethod
    def current_cache(app: FastAPI) -> ResponseCache | None:
        """The responses made from the plans on sale now."""
        catalogue = plans.Catalogue.of(app).snapshot
        return catalogue.on_sale(clock.now()).responses if catalogue is not None else None

    @staticmethod
    async def cache_for(request: Request) -> ResponseCache:
        """The same; leaves the plans on sale in the scope, so that the response is made from them."""
        on_sale = (await plans.Catalogue.for_request(request)).on_sale(clock.now())
        request.scope[_ON_SALE] = on_sale
        return on_sale.responses

    @staticmethod
    def may_come_again(query: Mapping[str, str]) -> bool:
        """Not a list for a number: there are a thousand million numbers."""
        return "phone_number" not in query


async def _on_sale(request: Request) -> PlansOnSale:
    return cast(PlansOnSale, request.scope[_ON_SALE])


CurrentPlans = Annotated[PlansOnSale, Depends(_on_sale)]
router = router_of("plans", route_class=PlanRoute)


@router.get(
    "",
    summary="Plans on sale",
    response_model=PlanPage,
    responses=NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def list_plans(on_sale: CurrentPlans, query: Annotated[PlanQuery, Query()]) -> PlanPage:
    """Every plan that can be bought now, most popular first unless `sort` says otherwise; with `phone_number`, those for that number.

    `maintenance`: the operators that work on their systems, or will. The answer may be cached: it has an `ETag`, and
    `If-None-Match` is answered with 304.
    """
    hint = None if query.phone_number is None else operators.hint(query.phone_number)
    return public_list.page_of(on_sale, query, hint)


@router.get(
    "/groups",
    summary="Plan groups",
    response_model=Page[PlanGroupOut],
    responses=NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
)
async def list_groups(on_sale: CurrentPlans, query: Annotated[PageParams, Query()]) -> Page[PlanGroupOut]:
    """The groups of the catalogue in their order, each with the number of its plans on sale."""
    counts = Counter(plan.group_id for plan in on_sale.plans)
    groups, cursor, total = slice_page(
        on_sale.catalogue.groups, query, lambda group: (group.sort_order, group.name, group.group_id)
    )
    items = [PlanGroupOut.of(group, counts[group.group_id]) for group in groups]
    return Page(items=items, next_cursor=cursor, total=total)


@router.get(
    "/{plan_id}",
    summary="One plan",
    response_model=PlanOut,
    responses=NOT_MODIFIED | errors(PlanNotFound, ValidationFailed, DatabaseUnavailable),
)
async def get_plan(on_sale: CurrentPlans, plan_id: UUID) -> PlanOut:
    """A plan that is or was on sale; `status` is `inactive` once it can't be bought any more."""
    return PlanOut.of(on_sale.published(plan_id))
