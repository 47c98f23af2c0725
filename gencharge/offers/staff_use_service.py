"""Who has used an offer, what that cost, and its one-time codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.events.events import emit
from gencharge.core.http.paging import Page
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.offers import code_service, codes_crud, crud, staff_service
from gencharge.offers.errors import OfferCodeNotAllowed
from gencharge.offers.events import OfferCodesCreated
from gencharge.offers.models import OfferCode, OfferUse, UseStatus
from gencharge.offers.staff_schemas import (
    OfferCodeOut,
    OfferCodeQuery,
    OfferCodesCreate,
    OfferFigures,
    OfferUseOut,
    OfferUseQuery,
)
from gencharge.sessions.guards import Principal
from gencharge.users import service as users

# Of a code that is still worth something.
_SHOWN_CHARACTERS = 4


async def create_codes(
    db: AsyncSession, admin: Principal, offer_id: UUID, command: OfferCodesCreate
) -> Iterator[str]:
    """Make one-time codes; the lines of a CSV file with each code and the customer whom it is for.

    Raises OfferNotFound, OfferCodeNotAllowed, ValidationFailed for customers who don't exist, OperatorOutOfScope.
    """
    offer = await staff_service.get_offer(db, admin, offer_id)
    if not offer.conditions.one_time_code:
        raise OfferCodeNotAllowed
    owners: Sequence[UUID | None] = command.user_ids or [None] * (command.count or 0)
    if command.user_ids is not None:
        known = await users.briefs(db, command.user_ids)
        unknown = [str(user_id) for user_id in command.user_ids if user_id not in known]
        if unknown:
            right = worded("Must be customers; unknown: {unknown}", unknown=unknown[:10])
            raise ValidationFailed(errors=[field_problem("body.user_ids", right, "user_ids_invalid")])
    batch_id = new_id()
    codes = await code_service.add_codes(db, offer_id, batch_id, owners, length=command.length)
    created = OfferCodesCreated(
        user_id=str(SYSTEM_USER_ID),
        offer_id=str(offer_id),
        batch_id=str(batch_id),
        codes=len(codes),
        bound=len(command.user_ids or ()),
    )
    await emit(db, created)
    return _lines(codes, owners)


async def list_codes(
    db: AsyncSession, admin: Principal, offer_id: UUID, query: OfferCodeQuery
) -> Page[OfferCodeOut]:
    """A page of an offer's one-time codes, the oldest first. Raises OfferNotFound."""
    await staff_service.get_offer(db, admin, offer_id)
    rows, cursor, total = await codes_crud.list_page(db, offer_id, query)
    return Page(
        items=[_code_out(row, whole=query.code is not None) for row in rows], next_cursor=cursor, total=total
    )


async def list_uses(
    db: AsyncSession, admin: Principal, offer_id: UUID, query: OfferUseQuery
) -> Page[OfferUseOut]:
    """A page of an offer's uses, the newest first. Raises OfferNotFound."""
    await staff_service.get_offer(db, admin, offer_id)
    rows, cursor, total = await crud.list_uses(db, offer_id, query)
    return Page(items=[use_out(row) for row in rows], next_cursor=cursor, total=total)


async def figures(db: AsyncSession, admin: Principal, offer_id: UUID) -> OfferFigures:
    """How far an offer is used, by its counters. Raises OfferNotFound."""
    offer = await staff_service.get_offer(db, admin, offer_id)
    uses, spent = await crud.get_counters(db, offer_id)
    limits = offer.limits
    return OfferFigures(
        uses=uses,
        cost=Money(spent),
        uses_left=None if limits.total_uses is None else max(0, limits.total_uses - uses),
        budget_left=None if limits.budget is None else Money(max(0, limits.budget.paise - spent)),
        free_codes=await codes_crud.count_free(db, offer_id) if offer.conditions.one_time_code else 0,
    )


def use_out(row: OfferUse) -> OfferUseOut:
    """A use, as the staff see it and as it is exported."""
    return OfferUseOut(
        user_id=row.user_id,
        recharge_id=row.recharge_id,
        offer_version=row.version,
        code=row.code,
        status=UseStatus(row.status),
        discount=Money(row.discount),
        cashback=Money(row.cashback),
        cost=Money(row.cost),
        paid=Money(row.paid),
        withheld=Money(row.withheld),
        taken_back=Money(row.taken_back),
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _code_out(row: OfferCode, *, whole: bool) -> OfferCodeOut:
    hidden = len(row.code) - _SHOWN_CHARACTERS
    is_shown = whole or row.recharge_id is not None
    return OfferCodeOut(
        code=row.code if is_shown else "*" * hidden + row.code[hidden:],
        batch_id=row.batch_id,
        user_id=row.bound_to,
        used_by=row.used_by,
        recharge_id=row.recharge_id,
        used_at=row.used_at,
        created_at=row.created_at,
    )


def _lines(codes: Sequence[str], owners: Sequence[UUID | None]) -> Iterator[str]:
    yield "code,user_id\r\n"
    for code, user_id in zip(codes, owners, strict=True):
        yield f"{code},{user_id or ''}\r\n"
