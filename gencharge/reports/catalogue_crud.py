"""Reports about the catalogue: plans and offers."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, String, and_, cast, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import ValidationFailed, field_problem
from gencharge.core.values import clock
from gencharge.core.wording import worded
from gencharge.offers.models import Offer, OfferSlot, OfferType
from gencharge.plans.models import Plan, PlanGroup, PlanStatus
from gencharge.reports.definitions import Ask, Chart, Column, Kind, Report, Rows
from gencharge.reports.query_schemas import OffersQuery, PlansQuery
from gencharge.sessions.guards import Resource, within


def _is_named(key: Any, name: Any, id_or_name: str) -> ColumnElement[bool]:
    return or_(cast(key, String) == id_or_name.lower(), func.lower(name) == id_or_name.lower())


def _in_window(state: str) -> ColumnElement[bool]:
    now = clock.now()
    scheduled = func.coalesce(Offer.active_from > now, false())
    over = func.coalesce(Offer.active_until <= now, false())
    if state == "scheduled":
        return scheduled
    return and_(~scheduled, over if state == "over" else ~over)


async def check_group(db: AsyncSession, query: PlansQuery, place: str) -> None:
    """Raises ValidationFailed for a group that there is not, as the list of plans does."""
    if query.group is None:
        return
    known = select(PlanGroup.group_id).where(_is_named(PlanGroup.group_id, PlanGroup.name, query.group))
    if await db.scalar(known.limit(1)) is None:
        names = await db.scalars(select(PlanGroup.name).order_by(PlanGroup.name))
        right = worded("Must be one of: {choices}", choices=list(names))
        raise ValidationFailed(errors=[field_problem(f"{place}.group", right, "plan_group_invalid")])


def _select_plans(ask: Ask) -> Rows:
    query: PlansQuery = ask.query
    filters = (
        (Plan.status, query.status),
        (Plan.operator, query.operator),
        (Plan.plan_type, query.plan_type),
        (Plan.category, query.category),
    )
    where = [column == value for column, value in filters if value is not None]
    if query.circle is not None:
        where.append(or_(Plan.circles == [], Plan.circles.contains([query.circle])))
    if query.popular is not None:
        where.append(Plan.most_popular == query.popular)
    if query.min_price is not None:
        where.append(Plan.price_paise >= query.min_price.paise)
    if query.max_price is not None:
        where.append(Plan.price_paise <= query.max_price.paise)
    if query.group is not None:
        where.append(_is_named(PlanGroup.group_id, PlanGroup.name, query.group))
    if query.scheduled is not None:
        begins_later = func.coalesce(Plan.active_from > clock.now(), false())
        scheduled = and_(Plan.status == PlanStatus.ACTIVE, begins_later)
        where.append(scheduled if query.scheduled else ~scheduled)
    for word in (query.search or "").split():
        where.append(or_(*(text.icontains(word, autoescape=True) for text in (Plan.name, Plan.description))))
    return (
        select(
            Plan.plan_id,
            Plan.version,
            Plan.operator,
            Plan.name,
            Plan.plan_type,
            Plan.category,
            PlanGroup.name.label("group"),
            Plan.price_paise.label("price"),
            Plan.max_price_paise.label("max_price"),
            Plan.validity_count,
            Plan.validity_unit,
            Plan.circles,
            Plan.is_addon,
            Plan.most_popular,
            Plan.status,
            Plan.active_from,
            Plan.active_until,
            Plan.created_at,
            Plan.updated_at,
        )
        .select_from(Plan)
        .join(PlanGroup, PlanGroup.group_id == Plan.group_id)
        .where(*where, within(ask.principal, Plan.operator.expression))
        .order_by(Plan.operator, Plan.price_paise, Plan.plan_id)
    )


def _select_offers(ask: Ask) -> Rows:
    query: OffersQuery = ask.query
    scope = list(ask.principal.operator_scope)
    # An offer for all operators (an empty list) is of others, too, so an admin who is limited to some does not see it.
    where = [and_(Offer.operators.contained_by(scope), Offer.operators != []) if scope else true()]
    if query.status is not None:
        where.append(Offer.status == query.status)
    if query.special is not None:
        where.append(Offer.is_special == query.special)
    if query.operator is not None:
        where.append(or_(Offer.operators == [], Offer.operators.contains([query.operator])))
    if query.type is not None:
        where.append(_is_named(OfferType.offer_type_id, OfferType.name, query.type))
    if query.window is not None:
        where.append(_in_window(query.window))
    words = func.concat_ws(" ", Offer.name, Offer.description, Offer.code)
    where += [words.icontains(word, autoescape=True) for word in (query.search or "").split()]
    counted = (
        select(
            OfferSlot.offer_id,
            func.sum(OfferSlot.uses).label("uses"),
            func.sum(OfferSlot.spent).label("cost"),
        )
        .group_by(OfferSlot.offer_id)
        .subquery()
    )
    return (
        select(
            Offer.offer_id,
            Offer.version,
            Offer.name,
            Offer.code,
            OfferType.name.label("offer_type"),
            Offer.status,
            Offer.is_special,
            Offer.operators,
            Offer.circles,
            Offer.discount_paise.label("discount"),
            Offer.discount_basis_points,
            Offer.discount_cap_paise.label("discount_cap"),
            Offer.cashback_paise.label("cashback"),
            Offer.cashback_basis_points,
            Offer.cashback_cap_paise.label("cashback_cap"),
            cast(func.coalesce(counted.c.uses, 0), BigInteger).label("uses"),
            cast(func.coalesce(counted.c.cost, 0), BigInteger).label("cost"),
            Offer.budget_paise.label("budget"),
            Offer.active_from,
            Offer.active_until,
            Offer.created_at,
        )
        .select_from(Offer)
        .join(OfferType, OfferType.offer_type_id == Offer.offer_type_id)
        .outerjoin(counted, counted.c.offer_id == Offer.offer_id)
        .where(*where)
        .order_by(Offer.created_at, Offer.offer_id)
    )


REPORTS: Final = (
    Report(
        name="plans",
        title=worded("Plans"),
        about="The catalogue. To change plans in a file and give them back, take `GET /plans/admin/export`.",
        resource=Resource.PLANS,
        columns=(
            Column("plan_id", Kind.ID, "The plan."),
            Column("version", Kind.INTEGER, "How often it was changed, and 1."),
            Column("operator", Kind.TEXT, "Whose plan it is."),
            Column("name", Kind.TEXT, "Its name."),
            Column("plan_type", Kind.TEXT, "prepaid or postpaid."),
            Column("category", Kind.TEXT, "What it is."),
            Column("group", Kind.TEXT, "In which it is shown."),
            Column("price", Kind.MONEY, "What it costs; of any amount: the least that it can cost."),
            Column(
                "max_price", Kind.MONEY, "Of any amount: the most that it can cost; empty: it has one price."
            ),
            Column("validity_count", Kind.INTEGER, "How long it runs ..."),
            Column("validity_unit", Kind.TEXT, "... in days or months; unlimited: as long as the base plan."),
            Column("circles", Kind.WORDS, "Where it is sold; empty: everywhere."),
            Column("is_addon", Kind.BOOLEAN, "Beside a base plan."),
            Column("most_popular", Kind.BOOLEAN, "Shown as popular."),
            Column("status", Kind.TEXT, "Whether it is on sale."),
            Column("active_from", Kind.INSTANT, "From when it is sold."),
            Column("active_until", Kind.INSTANT, "Until when it is sold."),
            Column("created_at", Kind.INSTANT, "When it was made."),
            Column("updated_at", Kind.INSTANT, "When it was last changed."),
        ),
        brief=(
            "operator",
            "name",
            "plan_type",
            "category",
            "price",
            "validity_count",
            "validity_unit",
            "status",
        ),
        query=PlansQuery,
        select=_select_plans,
        scoped=True,
        check=check_group,
    ),
    Report(
        name="offers",
        title=worded("Offers"),
        about="Offers with their conditions, how often they were used, and what they cost.",
        resource=Resource.OFFERS,
        columns=(
            Column("offer_id", Kind.ID, "The offer."),
            Column("version", Kind.INTEGER, "How often it was changed, and 1."),
            Column("name", Kind.TEXT, "Its name."),
            Column("code", Kind.TEXT, "That customers give; empty: none is needed."),
            Column("offer_type", Kind.TEXT, "Its type."),
            Column("status", Kind.TEXT, "Whether it is given."),
            Column("is_special", Kind.BOOLEAN, "Shown first."),
            Column("operators", Kind.WORDS, "Whose plans can have it; empty: all."),
            Column("circles", Kind.WORDS, "In which circles; empty: all."),
            Column("discount", Kind.MONEY, "Off the price, as an amount."),
            Column("discount_basis_points", Kind.INTEGER, "Off the price, as a share: 100 are one percent."),
            Column("discount_cap", Kind.MONEY, "The highest discount."),
            Column("cashback", Kind.MONEY, "Into the wallet, as an amount."),
            Column("cashback_basis_points", Kind.INTEGER, "Into the wallet, as a share."),
            Column("cashback_cap", Kind.MONEY, "The highest cashback."),
            Column("uses", Kind.INTEGER, "How often it was used.", total=True),
            Column("cost", Kind.MONEY, "What it costs its budget now.", total=True),
            Column("budget", Kind.MONEY, "What it may cost at most; empty: no limit."),
            Column("active_from", Kind.INSTANT, "From when it is given."),
            Column("active_until", Kind.INSTANT, "Until when it is given."),
            Column("created_at", Kind.INSTANT, "When it was made."),
        ),
        brief=("name", "code", "status", "uses", "cost", "budget", "active_from", "active_until"),
        query=OffersQuery,
        select=_select_offers,
        scoped=True,
        chart=Chart(label="name", value="cost"),
    ),
)
