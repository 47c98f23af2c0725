"""Builders for the tests of autopay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import bill_service
from gencharge.autopay import service as autopays
from gencharge.autopay.loop import AutopayRunner
from gencharge.autopay.models import Autopay, AutopayAttempt
from gencharge.autopay.schemas import AutopayCreate, AutopayOut, BillAutopayCreate
from gencharge.bills.context_service import BillsContext
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.service import PaymentContext
from gencharge.plans import service as plans
from gencharge.plans.models import Plan
from gencharge.recharge.models import Recharge
from tests.make.factories import make_user
from tests.make.money import find_plan, fund, make_number


async def make_owner(stores: Stores, rupees: int = 1_000) -> UUID:
    """A registered customer with this much in the wallet."""
    user = await stores.database.run(make_user)
    if rupees:
        await fund(stores, user.user_id, rupees)
    return user.user_id


async def make_autopay(
    stores: Stores, user_id: UUID, *, operator: str = "JIO", due_in: timedelta | None = None, **fields: Any
) -> AutopayOut:
    """An autopay for the operator's sample plan of Rs 299, regular and due in two days unless `fields` say otherwise."""
    plan_id = (await find_plan(stores, operator)).plan_id
    values = {
        "phone_number": await make_number(stores, operator),
        "plan_id": plan_id,
        "tag": "regular",
        "next_due_at": clock.now() + (due_in or timedelta(days=2)),
        **fields,
    }
    catalogue = await stores.database.run(lambda db: plans.load_catalogue(db))
    command = AutopayCreate.model_validate(values)
    return await autopays.create(stores.database, user_id, command, catalogue.get(command.plan_id))


async def make_bill_autopay(
    context: BillsContext, user_id: UUID, phone_number: str, *, due_in: timedelta | None = None, **fields: Any
) -> AutopayOut:
    """An autopay of this number's bills at Jio, regular, of up to Rs 1,000 each, due in two days unless `fields` say otherwise."""
    values = {
        "phone_number": phone_number,
        "operator": "JIO",
        "tag": "regular",
        "max_amount": 1_000,
        "next_due_at": clock.now() + (due_in or timedelta(days=2)),
        **fields,
    }
    return await bill_service.create(context, user_id, BillAutopayCreate.model_validate(values))


async def run_due(
    stores: Stores, context: PaymentContext | None = None, bills: BillsContext | None = None
) -> None:
    """Let a worker do all that is due now. `context`: with the gateway that mandates are charged at; `bills`: with the operators."""
    await AutopayRunner(context or PaymentContext.at(stores), bills).drain()


async def row_of(stores: Stores, autopay: AutopayOut) -> Autopay:
    """The autopay as it is stored."""

    async def unit(db: AsyncSession) -> Autopay:
        query = select(Autopay).where(Autopay.autopay_id == autopay.autopay_id)
        row = (await db.scalars(query)).one()
        db.expunge(row)
        return row

    return await stores.database.run(unit)


async def attempts_of(stores: Stores, autopay: AutopayOut) -> list[tuple[str, str | None]]:
    """Outcome and reason of each try, the oldest first."""

    async def unit(db: AsyncSession) -> list[tuple[str, str | None]]:
        query = select(AutopayAttempt.outcome, AutopayAttempt.reason).where(
            AutopayAttempt.autopay_id == autopay.autopay_id
        )
        order = query.order_by(AutopayAttempt.attempted_at, AutopayAttempt.attempt_id)
        return [(outcome, reason) for outcome, reason in await db.execute(order)]

    return await stores.database.run(unit)


async def recharges_of(stores: Stores, user_id: UUID) -> list[Recharge]:
    """The customer's recharges, the oldest first."""

    async def unit(db: AsyncSession) -> list[Recharge]:
        query = select(Recharge).where(Recharge.user_id == user_id).order_by(Recharge.created_at)
        rows = list(await db.scalars(query))
        for row in rows:
            db.expunge(row)
        return rows

    return await stores.database.run(unit)


async def find_addon(stores: Stores) -> Plan:
    """A sample plan that ends with the base plan."""

    async def unit(db: AsyncSession) -> Plan:
        query = select(Plan).where(Plan.validity_unit == "base_plan", Plan.status == "active").limit(1)
        plan = (await db.scalars(query)).one()
        db.expunge(plan)
        return plan

    return await stores.database.run(unit)
