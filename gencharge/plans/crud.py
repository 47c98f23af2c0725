"""Queries of the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.core.values import clock
from gencharge.plans.models import Plan, PlanGroup, PlanStatus, PlanVersion
from gencharge.plans.rules import Vocabulary
from gencharge.plans.staff_schemas import PlanFilters, StaffPlanQuery, StaffPlanSort

_SORT_COLUMNS: Final = {
    StaffPlanSort.UPDATED: column_of(Plan.updated_at),
    StaffPlanSort.CREATED: column_of(Plan.created_at),
    StaffPlanSort.PRICE: column_of(Plan.price_paise),
    StaffPlanSort.NAME: column_of(Plan.name),
}


async def list_all(db: AsyncSession) -> Sequence[Plan]:
    """Every plan, whatever its status. The catalogue is small and read whole."""
    return (await db.scalars(select(Plan).order_by(Plan.plan_id))).all()


async def list_groups(db: AsyncSession) -> Sequence[PlanGroup]:
    """Every plan group."""
    return (await db.scalars(select(PlanGroup).order_by(PlanGroup.group_id))).all()


async def count_plans(db: AsyncSession, plan_ids: Collection[UUID]) -> int:
    """How many of these plans there are."""
    return await db.scalar(select(func.count()).where(Plan.plan_id.in_(plan_ids))) or 0


async def add_missing_groups(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert missing groups; existing ones stay as they are."""
    await db.execute(insert(PlanGroup).on_conflict_do_nothing(), rows)


async def add_missing_plans(
    db: AsyncSession, plans: Sequence[Mapping[str, Any]], versions: Sequence[Mapping[str, Any]]
) -> None:
    """Insert missing plans with their first versions; existing ones stay as they are."""
    await db.execute(insert(Plan).on_conflict_do_nothing(), plans)
    await db.execute(insert(PlanVersion).on_conflict_do_nothing(), versions)


async def lock_plan(db: AsyncSession, plan_id: UUID, *conditions: ColumnElement[bool]) -> Plan | None:
    """The plan of this id if it fulfils the conditions, held to the end of the transaction."""
    # Not FOR UPDATE: rows that only refer to the plan need not wait.
    statement = select(Plan).where(Plan.plan_id == plan_id, *conditions).with_for_update(key_share=True)
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def find_plan(db: AsyncSession, plan_id: UUID, *conditions: ColumnElement[bool]) -> Plan | None:
    """The plan of this id if it fulfils the conditions."""
    return (await db.scalars(select(Plan).where(Plan.plan_id == plan_id, *conditions))).one_or_none()


async def list_where(
    db: AsyncSession, *conditions: ColumnElement[bool], lock: bool = False
) -> Sequence[Plan]:
    """All plans that fulfil the conditions, by operator, type, price and name; with `lock` held to the end."""
    statement = select(Plan).where(*conditions)
    if lock:  # rows of one kind are locked in the order of their ids
        locked = statement.order_by(Plan.plan_id).with_for_update(key_share=True)
        return (await db.scalars(locked, execution_options={"populate_existing": True})).all()
    order = (Plan.operator, Plan.plan_type, Plan.price_paise, Plan.name, Plan.plan_id)
    return (await db.scalars(statement.order_by(*order))).all()


async def list_page(
    db: AsyncSession, query: StaffPlanQuery, *conditions: ColumnElement[bool]
) -> tuple[list[Plan], str | None, int | None]:
    """A page of the plans that fulfil the conditions, in the order of the staff's query."""
    falling = query.sort.value.startswith("-")
    column = _SORT_COLUMNS[StaffPlanSort(query.sort.value.removeprefix("-"))]
    order = Order(column, column_of(Plan.plan_id), descending=falling)
    return await fetch_page(db, select(Plan).where(*conditions), order, query)


def matching(query: PlanFilters, vocabulary: Vocabulary) -> Iterator[ColumnElement[bool]]:
    """The conditions on `plans` of the staff's filters; the vocabulary knows the group that they name."""
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
        scheduled = and_(Plan.status == PlanStatus.ACTIVE.value, begins_later)
        yield scheduled if query.scheduled else ~scheduled
    for word in (query.search or "").split():
        yield or_(*(text.icontains(word, autoescape=True) for text in (Plan.name, Plan.description)))


async def find_same(
    db: AsyncSession, plan_id: UUID, operator: str, plan_type: str, name: str, circles: Sequence[str]
) -> UUID | None:
    """Another plan that is not inactive, with the same operator, type, circles, and name without regard to case."""
    statement = select(Plan.plan_id).where(
        Plan.plan_id != plan_id,
        Plan.status != PlanStatus.INACTIVE.value,
        Plan.operator == operator,
        Plan.plan_type == plan_type,
        func.lower(Plan.name) == func.lower(name),
        Plan.circles.contains(circles),
        func.cardinality(Plan.circles) == len(circles),
    )
    return (await db.scalars(statement.limit(1))).one_or_none()


async def add_version(
    db: AsyncSession, plan_id: UUID, version: int, snapshot: Mapping[str, Any], changed_by: UUID | None
) -> None:
    """Store the terms of a version."""
    instant = clock.now()
    await db.execute(
        insert(PlanVersion).values(
            plan_id=plan_id, version=version, snapshot=snapshot, changed_by=changed_by, created_at=instant
        )
    )


async def list_versions(
    db: AsyncSession, plan_id: UUID, page: PageQuery
) -> tuple[list[PlanVersion], str | None, int | None]:
    """A page of a plan's versions, the newest first."""
    order = Order(column_of(PlanVersion.version), column_of(PlanVersion.plan_id))
    return await fetch_page(db, select(PlanVersion).where(PlanVersion.plan_id == plan_id), order, page)


async def delete_plan(db: AsyncSession, plan_id: UUID) -> None:
    """Delete the plan. Its versions stay as history."""
    await db.execute(delete(Plan).where(Plan.plan_id == plan_id))


async def lock_group(db: AsyncSession, group_id: UUID) -> PlanGroup | None:
    """The group of this id, held to the end of the transaction."""
    statement = select(PlanGroup).where(PlanGroup.group_id == group_id).with_for_update(key_share=True)
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def find_group_of_name(db: AsyncSession, name: str) -> UUID | None:
    """The id of the group of this name, without regard to case."""
    statement = select(PlanGroup.group_id).where(func.lower(PlanGroup.name) == func.lower(name))
    return (await db.scalars(statement)).one_or_none()


async def delete_group(db: AsyncSession, group_id: UUID) -> None:
    """Delete the group. Raises IntegrityError while there are plans in it."""
    await db.execute(delete(PlanGroup).where(PlanGroup.group_id == group_id))


async def count_by_group(db: AsyncSession, *conditions: ColumnElement[bool]) -> dict[UUID, dict[str, int]]:
    """How many plans of each status are in each group; of those that fulfil the conditions."""
    counted = select(Plan.group_id, Plan.status, func.count()).where(*conditions)
    by_group: dict[UUID, dict[str, int]] = {}
    for group_id, status, count in await db.execute(counted.group_by(Plan.group_id, Plan.status)):
        by_group.setdefault(group_id, {})[status] = count
    return by_group


async def add_plans(
    db: AsyncSession, plans: Sequence[Mapping[str, Any]], versions: Sequence[Mapping[str, Any]]
) -> None:
    """Insert new plans, and versions of new or old ones."""
    if plans:
        await db.execute(insert(Plan), plans)
    if versions:
        await db.execute(insert(PlanVersion), versions)


async def update_plans(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update columns of existing plans; each row has `plan_id`, and all have the same columns."""
    if rows:
        await db.execute(update(Plan), rows)
