"""What the staff do with offer types."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import field_problem
from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.http.paging import Page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.wording import worded
from gencharge.offers import crud
from gencharge.offers import service as offers
from gencharge.offers.errors import OfferTypeAlreadyExists, OfferTypeInUse, OfferTypeNotFound
from gencharge.offers.events import OfferTypeCreated, OfferTypeDeleted, OfferTypeUpdated
from gencharge.offers.models import OfferType
from gencharge.offers.staff_schemas import (
    OfferTypeCreate,
    OfferTypeUpdate,
    StaffOfferTypeOut,
    StaffOfferTypeQuery,
)
from gencharge.sessions.guards import Principal


async def list_types(
    db: AsyncSession, admin: Principal, query: StaffOfferTypeQuery
) -> Page[StaffOfferTypeOut]:
    """A page of the types by name, each with how many offers of it the admin reaches. Raises CursorInvalid."""
    rows, cursor, total = await crud.list_types_page(db, query)
    counts = await crud.count_offers(db, [row.offer_type_id for row in rows], admin)
    items = [_out(row, counts.get(row.offer_type_id, 0)) for row in rows]
    return Page(items=items, next_cursor=cursor, total=total)


async def create_type(db: AsyncSession, command: OfferTypeCreate) -> StaffOfferTypeOut:
    """Add a type. Raises OfferTypeAlreadyExists."""
    await offers.lock(db)
    await _check_name(db, command.name, None)
    now = clock.now()
    row = OfferType(
        offer_type_id=new_id(),
        name=command.name,
        description=command.description,
        created_at=now,
        updated_at=now,
    )
    db.add(row)
    await db.flush()
    event = OfferTypeCreated(
        user_id=str(SYSTEM_USER_ID), offer_type_id=str(row.offer_type_id), changes=changes({}, _terms(row))
    )
    await offers.bump_version(db)
    await emit(db, event)
    return _out(row, 0)


async def update_type(
    db: AsyncSession, offer_type_id: UUID, command: OfferTypeUpdate, *, if_match: str | None = None
) -> StaffOfferTypeOut:
    """Change a type; what is left out stays. Raises OfferTypeNotFound, ResourceChanged, OfferTypeAlreadyExists."""
    await offers.lock(db)
    row = await _find(db, offer_type_id)
    etags.check(if_match, row)
    before = _terms(row)
    if command.name is not None:
        await _check_name(db, command.name, offer_type_id)
        row.name = command.name
    if command.description is not None:
        row.description = command.description
    changed = changes(before, _terms(row))
    if changed:
        row.updated_at = clock.now()
        await db.flush()
        event = OfferTypeUpdated(
            user_id=str(SYSTEM_USER_ID), offer_type_id=str(offer_type_id), changes=changed
        )
        await offers.bump_version(db)
        await emit(db, event)
    counts = await crud.count_offers(db, [offer_type_id])
    return _out(row, counts.get(offer_type_id, 0))


async def delete_type(db: AsyncSession, offer_type_id: UUID) -> None:
    """Remove a type that no offer has. Raises OfferTypeNotFound, OfferTypeInUse."""
    await offers.lock(db)
    row = await _find(db, offer_type_id)
    used = (await crud.count_offers(db, [offer_type_id])).get(offer_type_id, 0)
    if used:
        raise OfferTypeInUse(worded("Offers of this type: {used}. Give them another type first.", used=used))
    removed = changes(_terms(row), {})
    await crud.delete_type(db, offer_type_id)
    event = OfferTypeDeleted(user_id=str(SYSTEM_USER_ID), offer_type_id=str(offer_type_id), changes=removed)
    await offers.bump_version(db)
    await emit(db, event)


async def _find(db: AsyncSession, offer_type_id: UUID) -> OfferType:
    row = await crud.get_type(db, offer_type_id)
    if row is None:
        raise OfferTypeNotFound
    return row


async def _check_name(db: AsyncSession, name: str, offer_type_id: UUID | None) -> None:
    if await crud.find_type_named(db, name) not in {None, offer_type_id}:
        errors = [
            field_problem(
                "body.name", "Another offer type already has this name", "offer_type_already_exists"
            )
        ]
        raise OfferTypeAlreadyExists(errors=errors)


def _terms(row: OfferType) -> dict[str, str]:
    return {"name": row.name, "description": row.description}


def _out(row: OfferType, offer_count: int) -> StaffOfferTypeOut:
    return StaffOfferTypeOut(
        etag=row.etag,
        offer_type_id=row.offer_type_id,
        name=row.name,
        description=row.description,
        offer_count=offer_count,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
