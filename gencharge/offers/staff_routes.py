"""Offers and offer types: routes for the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid, Page
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as make_router
from gencharge.core.postgres.database import Db
from gencharge.offers import staff_service, staff_type_service
from gencharge.offers.errors import (
    OfferAlreadyPublished,
    OfferCodeAlreadyExists,
    OfferNotFound,
    OfferStatusNotAllowed,
    OfferTypeAlreadyExists,
    OfferTypeInUse,
    OfferTypeNotFound,
)
from gencharge.offers.staff_schemas import (
    OfferCreate,
    OfferTypeCreate,
    OfferTypeUpdate,
    OfferUpdate,
    OfferUpdated,
    StaffOfferOut,
    StaffOfferQuery,
    StaffOfferTypeOut,
    StaffOfferTypeQuery,
)
from gencharge.sessions.errors import OperatorOutOfScope, StepUpRequired
from gencharge.sessions.guards import ADMIN_ERRORS, SCOPED_ERRORS, Action, Principal, Requires, Resource

_READ: Final = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable)
_WRITE: Final = (*_READ, MalformedJson)
router = make_router("offers")
OfferReader = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.READ, scoped=True))]
OfferWriter = Annotated[
    Principal, Depends(Requires(Resource.OFFERS, Action.WRITE, scoped=True, step_up=True))
]
OfferEditor = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.EDIT, scoped=True, step_up=True))]
OfferRemover = Annotated[Principal, Depends(Requires(Resource.OFFERS, Action.DELETE, scoped=True))]
TypeReader = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.READ, scoped=True))]
# A type is shared by the offers of all operators.
TypeWriter = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.WRITE))]
TypeEditor = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.EDIT))]
TypeRemover = Annotated[Principal, Depends(Requires(Resource.OFFER_TYPES, Action.DELETE))]


@router.get(
    "/types/admin",
    summary="All offer types",
    response_model=Page[StaffOfferTypeOut],
    responses=errors(*_READ, CursorInvalid),
)
async def staff_list_types(
    admin: TypeReader, db: Db, query: Annotated[StaffOfferTypeQuery, Query()]
) -> Page[StaffOfferTypeOut]:
    """The types by name, each with the number of its offers, whatever their status, that you may see."""
    return await staff_type_service.list_types(db, admin, query)


@router.post(
    "/types",
    status_code=201,
    summary="Add an offer type",
    response_model=StaffOfferTypeOut,
    responses=errors(
        *ADMIN_ERRORS, ValidationFailed, MalformedJson, OfferTypeAlreadyExists, DatabaseUnavailable
    ),
)
async def create_type(_admin: TypeWriter, db: Db, command: OfferTypeCreate) -> StaffOfferTypeOut:
    """Names must differ in more than case."""
    return await staff_type_service.create_type(db, command)


@router.patch(
    "/types/{offer_type_id}",
    summary="Change an offer type",
    response_model=StaffOfferTypeOut,
    responses=errors(
        *ADMIN_ERRORS,
        ValidationFailed,
        MalformedJson,
        OfferTypeNotFound,
        ResourceChanged,
        OfferTypeAlreadyExists,
        DatabaseUnavailable,
    ),
)
async def update_type(
    _admin: TypeEditor, db: Db, offer_type_id: UUID, command: OfferTypeUpdate, if_match: IfMatch = None
) -> StaffOfferTypeOut:
    """What is left out stays."""
    return await staff_type_service.update_type(db, offer_type_id, command, if_match=if_match)


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
    response_model=Page[StaffOfferOut],
    responses=errors(*_READ, CursorInvalid),
)
async def staff_list_offers(
    admin: OfferReader, db: Db, query: Annotated[StaffOfferQuery, Query()]
) -> Page[StaffOfferOut]:
    """Offers of every status, newest first unless `sort` says otherwise.

    A role that is limited to some operators sees the offers that are for these alone.
    """
    return await staff_service.list_offers(db, admin, query)


@router.get(
    "/admin/{offer_id}",
    summary="One offer, for the staff",
    response_model=StaffOfferOut,
    responses=errors(*_READ, OfferNotFound),
)
async def staff_get_offer(admin: OfferReader, db: Db, offer_id: UUID) -> StaffOfferOut:
    """Whatever its status, with its limits and its version."""
    return await staff_service.get_offer(db, admin, offer_id)


@router.post(
    "",
    status_code=201,
    summary="Add an offer",
    response_model=StaffOfferOut,
    responses=errors(*_WRITE, StepUpRequired, OfferCodeAlreadyExists, OperatorOutOfScope),
)
async def create_offer(admin: OfferWriter, db: Db, command: OfferCreate) -> StaffOfferOut:
    """A draft unless `status` says active. All conditions that are given must hold; a percentage needs a cap."""
    return await staff_service.create_offer(db, admin, command)


@router.patch(
    "/{offer_id}",
    summary="Change an offer",
    response_model=OfferUpdated,
    responses=errors(
        *_WRITE,
        StepUpRequired,
        OfferNotFound,
        ResourceChanged,
        OfferStatusNotAllowed,
        OfferCodeAlreadyExists,
        OperatorOutOfScope,
    ),
)
async def update_offer(
    admin: OfferEditor, db: Db, offer_id: UUID, command: OfferUpdate, if_match: IfMatch = None
) -> OfferUpdated:
    """Every process gives the new terms within a second of this answer."""
    return await staff_service.update_offer(db, admin, offer_id, command, if_match=if_match)


@router.delete(
    "/{offer_id}",
    status_code=204,
    summary="Remove a draft",
    responses=errors(*_READ, OfferNotFound, OfferAlreadyPublished),
)
async def delete_offer(admin: OfferRemover, db: Db, offer_id: UUID) -> None:
    """Only a draft: an offer that customers could see stays on record; set its status to inactive instead."""
    await staff_service.delete_offer(db, admin, offer_id)
