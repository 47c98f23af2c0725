"""Routes of the offers: for everyone as ready bytes with an ETag, and for the staff."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast
from uuid import UUID

from fastapi import Depends, FastAPI, Query, Request

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.cached import Answers, ReadyRoute
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import each_once, errors
from gencharge.core.http.web import router as make_router
from gencharge.core.postgres.database import Db
from gencharge.core.values import clock
from gencharge.offers import listing_service as listing
from gencharge.offers import offer_types_service, staff_service
from gencharge.offers import service as offers
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
from gencharge.offers.snapshot import OfferShelf
from gencharge.plans import service as plans
from gencharge.sessions.errors import OperatorOutOfScope
from gencharge.sessions.guards import ADMIN_ERRORS, SCOPED_ERRORS, Action, Principal, Requires, Resource

_SHELVES: Final = "gencharge.offers"
_NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "Nothing new since the answer with the ETag that `If-None-Match` names."}
}
_READ: Final = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)
_WRITE: Final = (*_READ, MalformedJson)


class OfferRoute(ReadyRoute):
    """Answers from the offers that hold now; kept until the offers, what is on sale, or the hour changes either."""

    @staticmethod
    def present_answers(app: FastAPI) -> Answers | None:
        """The answers of the offers that hold now, and of what is on sale."""
        held, catalogue = offers.offers_of(app).snapshot, plans.catalogue_of(app).snapshot
        if held is None or catalogue is None:
            return None
        now = clock.now()
        return held.public(now).answers_with(catalogue.public(now))

    @staticmethod
    async def answers_of(request: Request) -> Answers:
        """The same, which the route's function then works with."""
        held = await offers.get_offers(request)
        catalogue = await plans.get_catalogue(request)
        now = clock.now()
        shelf, on_sale = held.public(now), catalogue.public(now)
        request.scope[_SHELVES] = shelf, on_sale
        return shelf.answers_with(on_sale)


Shelves = tuple[OfferShelf, plans.Shelf]


async def _shelves(request: Request) -> Shelves:
    return cast(Shelves, request.scope[_SHELVES])


CurrentShelves = Annotated[Shelves, Depends(_shelves)]
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


async def list_offers(shelves: CurrentShelves, query: Annotated[OfferQuery, Query()]) -> Page[OfferOut]:
    """Every offer that holds now, special ones first unless `sort` says otherwise.

    The answer may be cached: it has an `ETag`, and `If-None-Match` is answered with 304.
    """
    return listing.page_of(*shelves, query)


async def list_offer_types(shelves: CurrentShelves) -> Page[OfferTypeOut]:
    """The types by name, each with the number of its offers that hold now."""
    return listing.types_of(shelves[0])


async def get_offer(shelves: CurrentShelves, offer_id: UUID) -> OfferOut:
    """An offer that holds or held; `status` is `inactive` once it holds no longer."""
    shelf = shelves[0]
    return listing.one(shelf, shelf.published(offer_id))


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
    return await offer_types_service.list_types(db, admin, query)


@router.post(
    "/types",
    status_code=201,
    summary="Add an offer type",
    response_model=OfferTypeAdminOut,
    responses=errors(*ADMIN_ERRORS, ValidationFailed, MalformedJson, OfferTypeNameTaken, DatabaseUnavailable),
)
async def create_type(_admin: TypeWriter, db: Db, wanted: OfferTypeCreate) -> OfferTypeAdminOut:
    """Names differ in more than upper and lower case."""
    return await offer_types_service.create_type(db, wanted)


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
    return await offer_types_service.update_type(db, offer_type_id, wanted)


@router.delete(
    "/types/{offer_type_id}",
    status_code=204,
    summary="Remove an offer type",
    responses=errors(*ADMIN_ERRORS, ValidationFailed, OfferTypeNotFound, OfferTypeInUse, DatabaseUnavailable),
)
async def delete_type(_admin: TypeRemover, db: Db, offer_type_id: UUID) -> None:
    """Only a type that no offer has, not even a draft."""
    await offer_types_service.delete_type(db, offer_type_id)


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
