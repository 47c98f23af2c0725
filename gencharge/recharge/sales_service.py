"""What the staff see: all customers' recharges, and the plans that run on any number. Reads only.

The user's own lists bring the numbers' plans to now first. A list of all must not write, so what is overdue is told by
comparing its end with now. The lists are the only queries on customers' tables that name no customer: on a sharded
database they ask every shard.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import LOOK_THROUGH, Order, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.recharge import crud, service
from gencharge.recharge.errors import RechargeNotFound
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.recharge.schemas import (
    AnyRechargeQuery,
    BoughtPlanOut,
    CurrentPlanQuery,
    CustomerPlanOut,
    CustomerPlanPage,
    CustomerRechargeOut,
    CustomerRechargePage,
    RechargeStatus,
)
from gencharge.sessions.guards import Principal, within
from gencharge.users import service as users
from gencharge.users.models import UserBrief

_SHOWN: Final = 5
# Where each row that is looked at costs a look at its plan, too.
_LOOK_THROUGH_WITH_PLANS: Final = LOOK_THROUGH // 8


async def list_recharges(
    db: AsyncSession, admin: Principal, wanted: AnyRechargeQuery
) -> CustomerRechargePage:
    """A page of all customers' recharges, as far as the admin's operators go, each with what its plan does now."""
    now = clock.now()

    def matches(seen: Any) -> Sequence[ColumnElement[bool]]:
        conditions = [
            *crud.match_recharges(seen, wanted),
            *wanted.within(seen.wallet_amount + seen.gateway_amount, seen.created_at),
            within(admin, seen.operator),
        ]
        return [*conditions, crud.has_status(seen, wanted.status, now=now)] if wanted.status else conditions

    by_plan = wanted.status is not None and wanted.status in crud.PLAN_STATES
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_all_recharges(wanted),
        matches,
        Order(column_of(Recharge.created_at), column_of(Recharge.id), wanted.sort == "-created_at"),
        wanted,
        look_through=_LOOK_THROUGH_WITH_PLANS if by_plan else LOOK_THROUGH,
    )
    return CustomerRechargePage(items=await _shown(db, rows, now), next_cursor=cursor)


async def get_recharge(
    db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID
) -> CustomerRechargeOut:
    """One recharge of a customer's. Raises RechargeNotFound, also where it is out of the admin's scope."""
    scope = within(admin, column_of(Recharge.operator))
    found = await crud.get_recharge_in_scope(db, user_id, recharge_id, scope)
    if found is None:
        raise RechargeNotFound
    return (await _shown(db, [found], clock.now()))[0]


async def list_current_plans(
    db: AsyncSession, admin: Principal, wanted: CurrentPlanQuery
) -> CustomerPlanPage:
    """A page of the plans that run or wait on any number, as far as the admin's operators go."""
    now = clock.now()
    column = ActivePlan.valid_until if wanted.by_end else ActivePlan.created_at
    rows, cursor = await fetch_bounded_page(
        db,
        crud.select_current_plans(wanted, now),
        lambda seen: [*crud.match_plans(seen, wanted, now), within(admin, seen.operator)],
        Order(column_of(column), column_of(ActivePlan.recharge_id), wanted.sort.startswith("-")),
        wanted,
    )
    known = await users.briefs(db, (row.user_id for row in rows))
    items = [
        CustomerPlanOut(**service.plan_fields_of(row, now), user_id=row.user_id, user=known.get(row.user_id))
        for row in rows
    ]
    return CustomerPlanPage(items=items, next_cursor=cursor)


async def overview(db: AsyncSession, user_id: UUID) -> dict[str, Any]:
    """A customer's last five recharges, and up to five plans that run or wait on the numbers that they paid for."""
    now = clock.now()
    last = await crud.list_last_recharges(db, user_id, _SHOWN)
    running = [
        BoughtPlanOut(**service.plan_fields_of(plan, now))
        for plan in await crud.list_current_plans(db, user_id, now, _SHOWN)
    ]
    return {"last_recharges": await _shown(db, last, now), "current_plans": running}


async def _shown(db: AsyncSession, rows: Sequence[Recharge], now: datetime) -> list[CustomerRechargeOut]:
    """A page's recharges with their plans and payers: one query for each of both."""
    plans = await crud.list_plans_of(db, rows)
    known: dict[UUID, UserBrief] = await users.briefs(db, (row.user_id for row in rows))
    return [
        CustomerRechargeOut(
            **service.fields_of(row, plans.get(row.id)),
            status=_status(row, plans.get(row.id), now),
            user_id=row.user_id,
            user=known.get(row.user_id),
        )
        for row in rows
    ]


def _status(recharge: Recharge, plan: ActivePlan | None, now: datetime) -> RechargeStatus:
    status = service.status_of(recharge, plan)
    ended = plan is not None and plan.valid_until is not None and plan.valid_until <= now
    return RechargeStatus.EXPIRED if status is RechargeStatus.ACTIVE and ended else status
