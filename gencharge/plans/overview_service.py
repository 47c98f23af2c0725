"""The catalogue as the staff look at it: lists of every status, one plan with its versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import FieldProblem, ValidationFailed, field_problem
from gencharge.core.http.paging import Order, Page, PageQuery, column_of, fetch_page
from gencharge.core.values import clock
from gencharge.plans import crud, service
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.models import Plan, PlanStatus
from gencharge.plans.rules import Vocabulary
from gencharge.plans.staff_schemas import (
    PlanAdminOut,
    PlanAdminQuery,
    PlanAdminSort,
    PlanDetailOut,
    PlanFilters,
    PlanVersionOut,
)
from gencharge.sessions.guards import Principal, within

_COLUMNS: Final = {
    PlanAdminSort.UPDATED: column_of(Plan.updated_at),
    PlanAdminSort.CREATED: column_of(Plan.created_at),
    PlanAdminSort.PRICE: column_of(Plan.price_paise),
    PlanAdminSort.NAME: column_of(Plan.name),
}
_SHOWN_VERSIONS: Final = 20


async def list_plans(db: AsyncSession, admin: Principal, query: PlanAdminQuery) -> Page[PlanAdminOut]:
    """A page of the plans in the admin's scope. Raises ValidationFailed for what the catalogue does not know."""
    vocabulary = await service.read_vocabulary(db)
    found = select(Plan).where(*conditions(admin, query, vocabulary))
    falling = query.sort.value.startswith("-")
    column = _COLUMNS[PlanAdminSort(query.sort.value.removeprefix("-"))]
    order = Order(column, column_of(Plan.plan_id), descending=falling)
    rows, cursor, total = await fetch_page(db, found, order, query)
    items = [PlanAdminOut.of_row(row, vocabulary.groups[row.group_id]) for row in rows]
    return Page(items=items, next_cursor=cursor, total=total)


async def get_plan(db: AsyncSession, admin: Principal, plan_id: UUID) -> PlanDetailOut:
    """A plan in the admin's scope, with its newest versions. Raises PlanNotFound."""
    plan = await _find(db, admin, plan_id)
    group = (await service.read_vocabulary(db)).groups[plan.group_id]
    versions, _, _ = await crud.list_versions(db, plan_id, PageQuery(limit=_SHOWN_VERSIONS))
    return PlanDetailOut.of_row(plan, group, versions=[PlanVersionOut.of(row) for row in versions])


async def list_versions(
    db: AsyncSession, admin: Principal, plan_id: UUID, page: PageQuery
) -> Page[PlanVersionOut]:
    """A page of a plan's versions, the newest first. Raises PlanNotFound."""
    await _find(db, admin, plan_id)
    rows, cursor, total = await crud.list_versions(db, plan_id, page)
    return Page(items=[PlanVersionOut.of(row) for row in rows], next_cursor=cursor, total=total)


def conditions(admin: Principal, query: PlanFilters, vocabulary: Vocabulary) -> list[ColumnElement[bool]]:
    """The scope and the filters, as conditions on `plans`. Raises ValidationFailed."""
    problems = list(_problems(query, vocabulary))
    if problems:
        raise ValidationFailed(errors=problems)
    return [within(admin, Plan.operator.expression), *_conditions(query, vocabulary)]


async def _find(db: AsyncSession, admin: Principal, plan_id: UUID) -> Plan:
    plan = await crud.find_plan(db, plan_id, within(admin, Plan.operator.expression))
    if plan is None:
        raise PlanNotFound
    return plan


def _conditions(query: PlanFilters, vocabulary: Vocabulary) -> Iterator[ColumnElement[bool]]:
    for name in ("status", "operator", "plan_type", "category"):
        value = getattr(query, name)
        if value is not None:
            yield getattr(Plan, name) == value
    if query.popular is not None:
        yield Plan.most_popular.is_(query.popular)
    if query.min_price is not None:
        yield Plan.price_paise >= query.min_price.paise
    if query.max_price is not None:
        yield Plan.price_paise <= query.max_price.paise
    if query.circle is not None:
        yield or_(func.cardinality(Plan.circles) == 0, Plan.circles.contains([query.circle]))
    if query.group is not None:
        yield Plan.group_id == vocabulary.group_of(query.group)
    if query.scheduled is not None:
        begins_later = func.coalesce(Plan.active_from > clock.now(), false())
        coming = and_(Plan.status == PlanStatus.ACTIVE.value, begins_later)
        yield coming if query.scheduled else ~coming
    for word in (query.search or "").split():
        yield or_(*(text.icontains(word, autoescape=True) for text in (Plan.name, Plan.description)))


def _problems(query: PlanFilters, vocabulary: Vocabulary) -> Iterator[FieldProblem]:
    if query.operator is not None and query.operator not in vocabulary.operators:
        yield field_problem(
            "query.operator", f"one of: {', '.join(vocabulary.operators)}", "unknown_operator"
        )
    if query.circle is not None and query.circle not in vocabulary.circles:
        yield field_problem("query.circle", f"one of: {', '.join(vocabulary.circles)}", "unknown_circle")
    if query.group is not None and vocabulary.group_of(query.group) is None:
        yield field_problem("query.group", f"one of: {vocabulary.group_names}", "unknown_group")
    if query.min_price is not None and query.max_price is not None and query.min_price > query.max_price:
        yield field_problem("query.max_price", "at least min_price", "range_empty")
