"""Public routes of the offers, served from a cache with an ETag."""

from __future__ import annotations

from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http.cached import NOT_MODIFIED, CachedRoute, ResponseCache
from gencharge.core.http.paging import CursorInvalid, Page, PageParams
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as make_router
from gencharge.core.values import clock
from gencharge.offers import public_list_service as public_list
from gencharge.offers import service as offers
from gencharge.offers.errors import (
    OfferNotFound,
)
from gencharge.offers.schemas import OfferOut, OfferQuery, OfferTypeOut
from gencharge.offers.snapshot import ActiveOffers
from gencharge.plans import service as plans

_AVAILABLE: Final = "gencharge.active_offers"


class OfferRoute(CachedRoute):
    """Caches responses until the offers or the plans change, or the window of one of them begins or ends."""

    @staticmethod
    def current_cache(app: FastAPI) -> ResponseCache | None:
        """The responses made from the offers and plans available now."""
        snapshot, catalogue = offers.Offers.of(app).snapshot, plans.Catalogue.of(app).snapshot
        if snapshot is None or catalogue is None:
            return None
        now = clock.now()
        return snapshot.active(now).responses_with(catalogue.on_sale(now))

    @staticmethod
    async def cache_for(request: Request) -> ResponseCache:
        """The same; leaves the offers and plans in the scope, so that the response is made from them."""
        snapshot = await offers.Offers.for_request(request)
        catalogue = await plans.Catalogue.for_request(request)
        now = clock.now()
        active, on_sale = snapshot.active(now), catalogue.on_sale(now)
        request.scope[_AVAILABLE] = active, on_sale
        return active.responses_with(on_sale)


Available = tuple[ActiveOffers, plans.PlansOnSale]


async def _available(request: Request) -> Available:
    return cast(Available, request.scope[_AVAILABLE])


AvailableNow = Annotated[Available, Depends(_available)]
router = make_router("offers")


async def list_offers(available: AvailableNow, query: Annotated[OfferQuery, Query()]) -> Page[OfferOut]:
    """Every offer that holds now, special ones first unless `sort` says otherwise.

    The answer may be cached: it has an `ETag`, and `If-None-Match` is answered with 304.
    """
    return public_list.page_of(*available, query)


async def list_types(available: AvailableNow, query: Annotated[PageParams, Query()]) -> Page[OfferTypeOut]:
    """The types by name, each with the number of its offers that hold now."""
    return public_list.types_of(available[0], query)


async def get_offer(available: AvailableNow, offer_id: UUID) -> OfferOut:
    """An offer that holds or held; `status` is `inactive` once it holds no longer."""
    active, _ = available
    return public_list.one(active, active.published(offer_id))


router.add_api_route(
    "",
    list_offers,
    methods=["GET"],
    summary="Offers that hold now",
    response_model=Page[OfferOut],
    responses=NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
    route_class_override=OfferRoute,
)
router.add_api_route(
    "/types",
    list_types,
    methods=["GET"],
    summary="Offer types",
    response_model=Page[OfferTypeOut],
    responses=NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
    route_class_override=OfferRoute,
)


router.add_api_route(
    "/{offer_id}",
    get_offer,
    methods=["GET"],
    summary="One offer",
    response_model=OfferOut,
    responses=NOT_MODIFIED | errors(OfferNotFound, ValidationFailed, DatabaseUnavailable),
    route_class_override=OfferRoute,
)
