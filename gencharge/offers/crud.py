"""Queries of the offers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    any_,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.offers.models import (
    CashbackDebt,
    Offer,
    OfferBudget,
    OfferSlot,
    OfferType,
    OfferUse,
    OfferVersion,
)
from gencharge.offers.staff_schemas import (
    OfferUseQuery,
    StaffOfferQuery,
    StaffOfferTypeQuery,
    WindowState,
)
from gencharge.sessions.guards import Principal

_FACTS: Final = """
    SELECT user_type, is_new, circle, used,
           offer_budgets_left(p_offers => $3, p_at => coalesce($4, clock_timestamp())) AS campaigns
    FROM offer_facts(p_user => $1, p_phone => $2, p_offers => $3)
"""

_SPLIT: Final = text("SELECT split_offer(p_offer => :offer_id, p_cost => :cost, p_first => 0)")


class FactsRow(NamedTuple):
    """What `offer_facts` answers. `used`: the customer's uses, those of all, and what they cost in paise, by offer; `campaigns`: what a
    campaign's own budget has left of an offer, in paise."""

    user_type: str | None
    is_new: bool
    circle: str | None
    used: Mapping[str, tuple[int, int, int]]
    campaigns: Mapping[str, int]


def within_reach(admin: Principal) -> ColumnElement[bool]:
    """The condition that limits a query to offers for the admin's operators only.

    An offer for all operators (an empty list) is of others, too, so a limited admin doesn't reach it.
    """
    if not admin.operator_scope:
        return true()
    return and_(Offer.operators.contained_by(list(admin.operator_scope)), Offer.operators != [])


def _select_in_scope(admin: Principal) -> Select[Any]:
    """The base of the staff's lists, details and changes."""
    return select(Offer).where(within_reach(admin))


async def list_all(db: AsyncSession) -> Sequence[Offer]:
    """Every offer, whatever its status. They are few and read whole."""
    return (await db.scalars(select(Offer).order_by(Offer.offer_id))).all()


async def list_all_types(db: AsyncSession) -> Sequence[OfferType]:
    """Every offer type."""
    return (await db.scalars(select(OfferType).order_by(OfferType.offer_type_id))).all()


async def list_page(
    db: AsyncSession, admin: Principal, query: StaffOfferQuery, *, instant: datetime
) -> tuple[list[Offer], str | None, int | None]:
    """A page of the offers that the admin reaches."""
    statement = _select_in_scope(admin).where(*_filters(query, instant))
    column = column_of(getattr(Offer, query.sort.removeprefix("-")))
    order = Order(column, column_of(Offer.offer_id), descending=query.sort.startswith("-"))
    return await fetch_page(db, statement, order, query)


def _filters(query: StaffOfferQuery, instant: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.status is not None:
        conditions.append(Offer.status == query.status.value)
    if query.special is not None:
        conditions.append(Offer.is_special.is_(query.special))
    if query.operator is not None:
        named = literal(query.operator.upper()) == any_(Offer.operators)
        conditions.append(or_(Offer.operators == [], named))
    if query.type is not None:
        conditions.append(Offer.offer_type_id.in_(_types_named(query.type)))
    if query.search is not None:
        words = func.concat_ws(" ", Offer.name, Offer.description, Offer.code)
        conditions.extend(words.icontains(word, autoescape=True) for word in query.search.split())
    if query.window is not None:
        conditions.append(_in_window(query.window, instant))
    return conditions


def _in_window(state: WindowState, instant: datetime) -> ColumnElement[bool]:
    scheduled = func.coalesce(Offer.active_from > instant, false())
    over = func.coalesce(Offer.active_until <= instant, false())
    if state is WindowState.SCHEDULED:
        return scheduled
    return and_(~scheduled, over if state is WindowState.OVER else ~over)


def _types_named(id_or_name: str) -> Select[Any]:
    try:
        return select(OfferType.offer_type_id).where(OfferType.offer_type_id == UUID(id_or_name))
    except ValueError:
        return select(OfferType.offer_type_id).where(func.lower(OfferType.name) == func.lower(id_or_name))


async def find_offer(db: AsyncSession, admin: Principal, offer_id: UUID) -> Offer | None:
    """The offer as it is now, if the admin reaches it."""
    statement = _select_in_scope(admin).where(Offer.offer_id == offer_id)
    row: Offer | None = await db.scalar(statement.execution_options(populate_existing=True))
    return row


async def find_code(db: AsyncSession, code: str) -> UUID | None:
    """The offer that has this code."""
    return await db.scalar(select(Offer.offer_id).where(Offer.code == code))


async def add_version(db: AsyncSession, offer_id: UUID, version: int, snapshot: Mapping[str, Any]) -> None:
    """Store the terms of a version."""
    values = {"offer_id": offer_id, "version": version, "snapshot": snapshot}
    await db.execute(insert(OfferVersion).values(values))


async def delete_offer(db: AsyncSession, offer_id: UUID) -> None:
    """Delete an offer that has no versions."""
    await db.execute(delete(Offer).where(Offer.offer_id == offer_id))


async def get_type(db: AsyncSession, offer_type_id: UUID) -> OfferType | None:
    """The type as it is now."""
    statement = select(OfferType).where(OfferType.offer_type_id == offer_type_id)
    return await db.scalar(statement.execution_options(populate_existing=True))


async def find_type_named(db: AsyncSession, name: str) -> UUID | None:
    """The type of this name, upper and lower case alike."""
    return await db.scalar(
        select(OfferType.offer_type_id).where(func.lower(OfferType.name) == func.lower(name))
    )


async def list_type_names(db: AsyncSession, type_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of these types."""
    statement = select(OfferType.offer_type_id, OfferType.name).where(OfferType.offer_type_id.in_(type_ids))
    return {row.offer_type_id: row.name for row in await db.execute(statement)}


async def list_types_page(
    db: AsyncSession, query: StaffOfferTypeQuery
) -> tuple[list[OfferType], str | None, int | None]:
    """A page of the types, by name."""
    statement = select(OfferType)
    if query.search is not None:
        words = func.concat_ws(" ", OfferType.name, OfferType.description)
        statement = statement.where(
            *(words.icontains(word, autoescape=True) for word in query.search.split())
        )
    order = Order(column_of(OfferType.name), column_of(OfferType.offer_type_id), descending=False)
    return await fetch_page(db, statement, order, query)


async def count_offers(
    db: AsyncSession, type_ids: Collection[UUID], admin: Principal | None = None
) -> dict[UUID, int]:
    """How many offers there are of each of these types; with `admin`, of those that the admin reaches."""
    counted = select(Offer.offer_type_id, func.count().label("offers")).where(
        Offer.offer_type_id.in_(type_ids), within_reach(admin) if admin is not None else true()
    )
    return {row.offer_type_id: row.offers for row in await db.execute(counted.group_by(Offer.offer_type_id))}


async def delete_type(db: AsyncSession, offer_type_id: UUID) -> None:
    """Delete a type without offers."""
    await db.execute(delete(OfferType).where(OfferType.offer_type_id == offer_type_id))


async def count_ids(db: AsyncSession, offer_ids: Collection[UUID]) -> int:
    """How many of these offers there are."""
    return await db.scalar(select(func.count()).where(Offer.offer_id.in_(offer_ids))) or 0


async def get_counters(db: AsyncSession, offer_id: UUID) -> tuple[int, int]:
    """How often an offer is used now, and what that costs in paise."""
    sums = select(
        func.coalesce(func.sum(OfferSlot.uses), 0), func.coalesce(func.sum(OfferSlot.spent), 0)
    ).where(OfferSlot.offer_id == offer_id)
    uses, spent = (await db.execute(sums)).one()
    return int(uses), int(spent)


async def add_budget(db: AsyncSession, budget: OfferBudget) -> None:
    """Store what a campaign may spend."""
    db.add(budget)
    await db.flush()


async def set_budget(db: AsyncSession, budget_id: UUID, paise: int) -> None:
    """Change what a campaign may spend."""
    await db.execute(update(OfferBudget).where(OfferBudget.budget_id == budget_id).values(budget_paise=paise))


async def find_budget_between(
    db: AsyncSession, offer_id: UUID, starts_at: datetime, ends_at: datetime
) -> UUID | None:
    """A budget of this offer that holds at some time from `starts_at` to, not including, `ends_at`."""
    query = select(OfferBudget.budget_id).where(
        OfferBudget.offer_id == offer_id, OfferBudget.starts_at < ends_at, OfferBudget.ends_at > starts_at
    )
    return (await db.scalars(query.limit(1))).one_or_none()


async def get_debt(db: AsyncSession, user_id: UUID) -> int:
    """What a customer owes from cashbacks, in paise."""
    return await db.scalar(select(CashbackDebt.owed).where(CashbackDebt.user_id == user_id)) or 0


async def list_uses(
    db: AsyncSession, offer_id: UUID, query: OfferUseQuery
) -> tuple[list[OfferUse], str | None, int | None]:
    """A page of an offer's uses, the newest first."""
    statement = select(OfferUse).where(OfferUse.offer_id == offer_id)
    if query.user_id is not None:
        statement = statement.where(OfferUse.user_id == query.user_id)
    if query.status is not None:
        statement = statement.where(OfferUse.status == query.status.value)
    return await fetch_page(
        db, statement, Order(column_of(OfferUse.created_at), column_of(OfferUse.recharge_id)), query
    )


async def split(db: AsyncSession, offer_id: UUID, *, cost: int) -> None:
    """`split_offer`: what is left of its limits over its counters. `cost`: the most that one use can cost, in paise."""
    await db.flush()
    await db.execute(_SPLIT, {"offer_id": offer_id, "cost": cost})


async def add_missing(
    db: AsyncSession,
    types: Sequence[Mapping[str, Any]],
    offers: Sequence[Mapping[str, Any]],
    versions: Sequence[Mapping[str, Any]],
) -> None:
    """Insert missing rows; existing ones stay as they are."""
    await db.execute(insert(OfferType).on_conflict_do_nothing(), types)
    await db.execute(insert(Offer).on_conflict_do_nothing(), offers)
    await db.execute(insert(OfferVersion).on_conflict_do_nothing(), versions)


async def get_facts(
    database: Database, *, user_id: UUID, phone_number: str, offer_ids: Sequence[UUID]
) -> FactsRow:
    """`offer_facts`: what the evaluation of these offers needs to know of a customer and a number."""
    row = await database.fetch_row(_FACTS, user_id, phone_number, list(offer_ids), clock.pinned())
    assert row is not None, "offer_facts returns one row"
    user_type, is_new, circle, used, campaigns = row
    return FactsRow(user_type, is_new, circle, orjson.loads(used), orjson.loads(campaigns))
