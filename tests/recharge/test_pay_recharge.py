"""`pay_recharge`: a captured payment sends its recharge on, or goes to the wallet if the recharge has failed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.recharge import lifecycle_crud
from gencharge.recharge import service as recharges
from gencharge.recharge.models import PayOutcome
from tests.make.money import find_plan, make_customer, make_number
from tests.make.recharge import (
    capture,
    get_recharge,
    list_events,
    list_plans,
    list_topics,
    list_transfers,
    money_of,
    place,
)


@dataclass(frozen=True)
class Placed:
    """A recharge at Rs 299 of which the wallet pays Rs 99."""

    stores: Stores
    user_id: UUID
    id: UUID
    phone_number: str

    async def capture(self) -> None:
        await capture(self.stores, self.user_id, self.id, 20_000)

    async def pay(self) -> PayOutcome:
        return await self.stores.database.run(
            lambda db: lifecycle_crud.pay(db, self.user_id, self.id, context="{}")
        )

    async def status(self) -> str:
        return (await get_recharge(self.stores, self.user_id, self.id)).status


async def placed(stores: Stores, operator: str = "JIO") -> Placed:
    user_id, number = await make_customer(stores, 100), await make_number(stores, operator)
    plan = await find_plan(stores, operator, 299)
    result = await place(stores, user_id, number, plan.plan_id, wallet_amount=9_900, gateway_amount=20_000)
    assert result.sale is not None
    return Placed(stores, user_id, result.sale.id, number)


async def test_over_an_api_it_is_queued_for_the_operator(jio: Stores) -> None:
    recharge = await placed(jio)
    await recharge.capture()
    assert await recharge.pay() is PayOutcome.QUEUED
    assert await recharge.status() == "processing"
    assert [plan.status for plan in await list_plans(jio, recharge.phone_number)] == ["pending"]
    assert await money_of(jio, recharge.user_id) == (100, 29_900)
    [event] = await list_events(jio, recharge.user_id, "RechargeAccepted")
    assert event["held_paise"] == 29_900


async def test_in_the_operators_own_system_it_is_delivered_at_once(jio: Stores) -> None:
    recharge = await placed(jio, "AIRTEL")
    await recharge.capture()
    assert await recharge.pay() is PayOutcome.DELIVERED
    assert await recharge.status() == "delivered"
    [plan] = await list_plans(jio, recharge.phone_number)
    assert plan.status == "active"
    assert await money_of(jio, recharge.user_id) == (100, 0)
    assert (await list_transfers(jio, recharge.id))["user:held", "operator:airtel"] == 29_900
    assert await list_topics(jio, recharge.user_id) == ["RechargePlaced", "PlanRecharged"]


@pytest.mark.parametrize("operator", ["JIO", "AIRTEL"])
async def test_a_payment_that_is_reported_again_changes_nothing(jio: Stores, operator: str) -> None:
    recharge = await placed(jio, operator)
    await recharge.capture()
    await recharge.pay()
    before = (await recharge.status(), await money_of(jio, recharge.user_id))
    assert await recharge.pay() is PayOutcome.ALREADY
    assert (await recharge.status(), await money_of(jio, recharge.user_id)) == before


async def test_a_payment_for_a_failed_recharge_goes_to_the_wallet_once(jio: Stores) -> None:
    recharge = await placed(jio)
    await jio.database.run(lambda db: recharges.fail(db, recharge.user_id, recharge.id, reason="abandoned"))
    assert await money_of(jio, recharge.user_id) == (10_000, 0)
    await recharge.capture()
    assert await recharge.pay() is PayOutcome.RETURNED
    assert await recharge.pay() is PayOutcome.ALREADY
    assert await recharge.status() == "failed"
    assert await money_of(jio, recharge.user_id) == (30_000, 0)
    [event] = await list_events(jio, recharge.user_id, "PaymentReturned")
    assert event["amount_paise"] == 20_000


async def test_a_payment_for_no_recharge_is_not_found(jio: Stores) -> None:
    recharge = await placed(jio)
    for user_id, recharge_id in ((recharge.user_id, uuid4()), (uuid4(), recharge.id)):
        outcome = await jio.database.run(
            lambda db, ids=(user_id, recharge_id): lifecycle_crud.pay(db, *ids, context="{}")  # type: ignore[misc]
        )
        assert outcome is PayOutcome.NOT_FOUND
    assert await recharge.status() == "payment_pending"


@pytest.mark.parametrize("operator", ["JIO", "AIRTEL"])
async def test_ten_reports_of_one_payment_at_once_count_once(jio: Stores, operator: str) -> None:
    recharge = await placed(jio, operator)
    await recharge.capture()
    outcomes = await asyncio.gather(*(recharge.pay() for _ in range(10)))
    assert outcomes.count(PayOutcome.ALREADY) == 9
    assert len(await list_topics(jio, recharge.user_id)) == 2


async def test_a_payment_and_its_failure_that_race_lose_no_money(jio: Stores) -> None:
    for _ in range(8):
        recharge = await placed(jio)
        await recharge.capture()
        paid, _ = await asyncio.gather(
            recharge.pay(),
            jio.database.run(
                lambda db, each=recharge: recharges.fail(db, each.user_id, each.id, reason="abandoned")  # type: ignore[misc]
            ),
        )
        # Failed first: the payment comes back. Paid first: the failure releases all of it.
        assert paid in {PayOutcome.QUEUED, PayOutcome.RETURNED}
        assert await recharge.status() == "failed"
        assert await money_of(jio, recharge.user_id) == (30_000, 0)
