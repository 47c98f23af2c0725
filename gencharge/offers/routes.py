"""Routes of the offers: for everyone as ready bytes with an ETag, and for the staff."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.cached import CachedRoute, ResponseCache
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import each_once, errors
from gencharge.core.http.web import router as make_router
from gencharge.core.postgres.database import Db
from gencharge.core.values import clock
from gencharge.offers import public_list_service as public_list
from gencharge.offers import service as offers
from gencharge.offers import staff_service, staff_type_service
from gencharge.offers.errors import (
    OfferChanged,
    OfferCodeTaken,
    OfferNotFound,
    OfferPublished,
    OfferStatusFixed,
    OfferTypeInUse,
    OfferTypeNameTaken,
    OfferTypeNotFound,
)
from gencharge.offers.schemas import (
    OfferAdminOut,
    OfferAdminQuery,
    OfferCreate,
    OfferOut,
    OfferQuery,
    OfferTypeAdminOut,
    OfferTypeAdminQuery,
    OfferTypeCreate,
    OfferTypeOut,
    OfferTypeUpdate,
    OfferUpdate,
    OfferUpdated,
)
from gencharge.offers.snapshot import ActiveOffers
from gencharge.plans import service as plans
from gencharge.sessions.errors import OperatorOutOfScope
from gencharge.sessions.guards import ADMIN_ERRORS, SCOPED_ERRORS, Action, Principal, Requires, Resource

_AVAILABLE: Final = "gencharge.active_offers"
_NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing new since the answer with the ETag that `If-None-Match` names."}
}
_READ: Final = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)
_WRITE: Final = (*_READ, MalformedJson)


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
OfferReader = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.READ, scoped=True))]
OfferWriter = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.WRITE, scoped=True))]
OfferEditor = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.EDIT, scoped=True))]
OfferRemover = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.DELETE, scoped=True))]
TypeReader = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.READ, scoped=True))]
# A type is shared by the offers of all operators.
TypeWriter = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.WRITE))]
TypeEditor = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.EDIT))]
TypeRemover = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.DELETE))]
router = make_router("offers")


async def list_offers(available: AvailableNow, query: Annotated[OfferQuery, Query()]) -> Page[OfferOut]:
    """Every offer that holds now, special ones first unless `sort` says otherwise.

    The answer may be cached: it has an `ETag`, and `If-None-Match` is answered with 304.
    """
    return public_list.page_of(*available, query)


async def list_offer_types(available: AvailableNow) -> Page[OfferTypeOut]:
    """The types by name, each with the number of its offers that hold now."""
    return public_list.types_of(available[0])


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
    dependencies=[Depends(each_once)],
    responses=_NOT_MODIFIED | errors(ValidationFailed, CursorInvalid, DatabaseUnavailable),
    route_class_override=OfferRoute,
)
router.add_api_route(
    "/types",
    list_offer_types,
    methods=["GET"],
    summary="Offer types",
    response_model=Page[OfferTypeOut],
    responses=_NOT_MODIFIED | errors(DatabaseUnavailable),
    route_class_override=OfferRoute,
)


@router.get(
    "/types/admin",
    summary="All offer types",
    response_model=Page[OfferTypeAdminOut],
    responses=errors(*_READ, CursorInvalid),
)
async def list_types_for_staff(
    admin: TypeReader, db: Db, query: Annotated[OfferTypeAdminQuery, Query()]
) -> Page[OfferTypeAdminOut]:
    """The types by name, each with the number of its offers, whatever their status, that you may see."""
    return await staff_type_service.list_types(db, admin, query)


@router.post(
    "/types",
    status_code=201,
    summary="Add an offer type",
    response_model=OfferTypeAdminOut,
    responses=errors(*ADMIN_ERRORS, ValidationFailed, MalformedJson, OfferTypeNameTaken, DatabaseUnavailable),
)
async def create_type(_admin: TypeWriter, db: Db, wanted: OfferTypeCreate) -> OfferTypeAdminOut:
    """Names differ in more than upper and lower case."""
    return await staff_type_service.create_type(db, wanted)


@router.patch(
    "/types/{offer_type_id}",
    summary="Change an offer type",
    response_model=OfferTypeAdminOut,
    responses=errors(
        *ADMIN_ERRORS,
        ValidationFailed,
        MalformedJson,
        OfferTypeNotFound,
        OfferTypeNameTaken,
        DatabaseUnavailable,
    ),
)
async def update_type(
    _admin: TypeEditor, db: Db, offer_type_id: UUID, wanted: OfferTypeUpdate
) -> OfferTypeAdminOut:
    """What is left out stays."""
    return await staff_type_service.update_type(db, offer_type_id, wanted)


@router.delete(
    "/types/{offer_type_id}",
    status_code=204,
    summary="Remove an offer type",
    responses=errors(*ADMIN_ERRORS, ValidationFailed, OfferTypeNotFound, OfferTypeInUse, DatabaseUnavailable),
)
async def delete_type(_admin: TypeRemover, db: Db, offer_type_id: UUID) -> None:
    """Only a type that no offer has, not even a draft."""
    await staff_type_service.delete_type(db, offer_type_id)


@router.get(
    "/admin",
    summary="All offers",
    response_model=Page[OfferAdminOut],
    responses=errors(*_READ, CursorInvalid),
)
async def list_offers_for_staff(
    admin: OfferReader, db: Db, query: Annotated[OfferAdminQuery, Query()]
) -> Page[OfferAdminOut]:
    """Offers of every status, newest first unless `sort` says otherwise.

    A role that is limited to some operators sees the offers that are for these alone.
    """
    return await staff_service.list_offers(db, admin, query)


@router.get(
    "/admin/{offer_id}",
    summary="One offer, for the staff",
    response_model=OfferAdminOut,
    responses=errors(*_READ, OfferNotFound),
)
async def get_offer_for_staff(admin: OfferReader, db: Db, offer_id: UUID) -> OfferAdminOut:
    """Whatever its status, with its limits and its version."""
    return await staff_service.get_offer(db, admin, offer_id)


@router.post(
    "",
    status_code=201,
    summary="Add an offer",
    response_model=OfferAdminOut,
    responses=errors(*_WRITE, OfferCodeTaken, OperatorOutOfScope),
)
async def create_offer(admin: OfferWriter, db: Db, wanted: OfferCreate) -> OfferAdminOut:
    """A draft unless `status` says active. All conditions that are given must hold; a percentage needs a cap."""
    return await staff_service.create_offer(db, admin, wanted)


@router.patch(
    "/{offer_id}",
    summary="Change an offer",
    response_model=OfferUpdated,
    responses=errors(
        *_WRITE, OfferNotFound, OfferChanged, OfferStatusFixed, OfferCodeTaken, OperatorOutOfScope
    ),
)
async def update_offer(admin: OfferEditor, db: Db, offer_id: UUID, wanted: OfferUpdate) -> OfferUpdated:
    """`version` is that which you read. Every process gives the new terms within a second of this answer."""
    version, fields = await staff_service.update_offer(db, admin, offer_id, wanted)
    return OfferUpdated(
        offer_id=offer_id,
        version=version,
        updated_fields=fields,
        cache_status="Invalidated" if fields else "Unchanged",
    )


@router.delete(
    "/{offer_id}",
    status_code=204,
    summary="Remove a draft",
    responses=errors(*_READ, OfferNotFound, OfferPublished),
)
async def delete_offer(admin: OfferRemover, db: Db, offer_id: UUID) -> None:
    """Only a draft: what customers could see stays on record; set its status to inactive instead."""
    await staff_service.delete_offer(db, admin, offer_id)


router.add_api_route(
    "/{offer_id}",
    get_offer,
    methods=["GET"],
    summary="One offer",
    response_model=OfferOut,
    responses=_NOT_MODIFIED | errors(OfferNotFound, ValidationFailed, DatabaseUnavailable),
    route_class_override=OfferRoute,
)
