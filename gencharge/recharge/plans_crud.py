"""Queries of the lists of bought plans: which rows, and in which order. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, func, literal, select

from gencharge.core.http.paging import Order, column_of
from gencharge.core.values import clock
from gencharge.recharge.crud import equal
from gencharge.recharge.models import ActivePlan, PlanState, Recharge
from gencharge.recharge.schemas import BoughtPlanQuery
from gencharge.recharge.staff_schemas import StaffBoughtPlanQuery

# In place of an end that is not known yet, so that plans that wait come after all that have one.
_NO_END: Final = datetime.max.replace(microsecond=0, tzinfo=clock.IST)


def select_plans(
    user_id: UUID, query: BoughtPlanQuery, *, own_number: str, numbers: Sequence[str]
) -> Select[ActivePlan]:
    """The plans that the customer bought, and those that others bought for the customer's own number."""
    own = (ActivePlan.user_id == user_id) | (ActivePlan.phone_number == own_number)
    statement = select(ActivePlan).where(
        ActivePlan.phone_number.in_([own_number, *numbers]),
        own,
        *equal(
            (ActivePlan.status, query.status),
            (ActivePlan.phone_number, query.phone_number),
            (ActivePlan.plan_id, query.plan_id),
            (ActivePlan.operator, query.operator),
            (ActivePlan.plan_type, query.plan_type),
            (ActivePlan.category, query.category),
        ),
        *_runs_between(ActivePlan, query.since, query.until),
    )
    if query.expires_within_days is not None:
        limit = clock.now() + timedelta(days=query.expires_within_days)
        statement = statement.where(ActivePlan.status == PlanState.ACTIVE, ActivePlan.valid_until <= limit)
    return statement


def order_of(query: BoughtPlanQuery) -> Order:
    """The order of a customer's plans."""
    column: ColumnElement[Any] = column_of(ActivePlan.created_at)
    if query.sort.endswith("valid_until"):
        column = func.coalesce(ActivePlan.valid_until, literal(_NO_END, DateTime(timezone=True)))
    return Order(column, column_of(ActivePlan.recharge_id), query.sort.startswith("-"))


def select_current_plans(query: StaffBoughtPlanQuery, now: datetime) -> Select[ActivePlan]:
    """The plans of all numbers that run or wait, by the most selective filter that an index answers in order."""
    statement = select(ActivePlan).where(ActivePlan.status == literal(query.status, literal_execute=True))
    if query.phone_number is not None:
        statement = statement.where(ActivePlan.phone_number == query.phone_number)
    elif query.user_id is not None:
        numbers = select(Recharge.phone_number).where(Recharge.user_id == query.user_id)
        statement = statement.where(ActivePlan.phone_number.in_(numbers), ActivePlan.user_id == query.user_id)
    return statement.where(*_runs_at(ActivePlan, query, now)) if query.by_end else statement


def match_plans(
    entity: type[ActivePlan], query: StaffBoughtPlanQuery, now: datetime
) -> list[ColumnElement[bool]]:
    """The conditions of the filters on bought plans or an alias of them."""
    conditions = equal(
        (entity.phone_number, query.phone_number),
        (entity.user_id, query.user_id),
        (entity.plan_id, query.plan_id),
        (entity.operator, query.operator),
        (entity.plan_type, query.plan_type),
        (entity.category, query.category),
    )
    between = _runs_between(entity, query.since, query.until)
    return [*conditions, *between, *_runs_at(entity, query, now)]


def _runs_between(
    entity: type[ActivePlan], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    """The plan runs at some time from `since` on and before `until`. One that waits has no such time yet."""
    conditions = []
    if since is not None:
        conditions.append(entity.valid_until > since)
    if until is not None:
        conditions.append(entity.valid_from < until)
    return conditions


def _runs_at(
    entity: type[ActivePlan], query: StaffBoughtPlanQuery, now: datetime
) -> list[ColumnElement[bool]]:
    """A plan that has ended does not run, though its line was not advanced yet."""
    if query.status == "queued":
        return []
    conditions = [entity.valid_until > now]
    if query.expires_within_days is not None:
        conditions.append(entity.valid_until <= now + timedelta(days=query.expires_within_days))
    return conditions
