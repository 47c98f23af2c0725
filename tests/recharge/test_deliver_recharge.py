"""`deliver_recharge`: the held money goes to the operator and the plan starts or queues, once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import service as recharges
from gencharge.recharge.models import DeliverOutcome, PaymentState
from tests.make.delivery import FIRST, Purchase, purchase
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import (
    assert_books_balance,
    get_recharge,
    list_events,
    list_plans,
    list_topics,
    place,
    run_sql,
)


async def deliver(
    stores: Stores, user_id: UUID, recharge_id: UUID, *, commission: int = 0, reference: str | None = "J-1"
) -> DeliverOutcome:
    return await stores.database.run(
        lambda db: recharges.deliver(
            db, user_id, recharge_id, operator_reference=reference, channel=FIRST, commission=commission
        )
    )


async def deliver_bought(bought: Purchase, **arguments: int) -> DeliverOutcome:
    return await deliver(bought.stores, bought.user_id, bought.id, **arguments)


async def buy_for(stores: Stores, user_id: UUID, number: str, rupees: int, **overrides: object) -> UUID:
    """A pending recharge of this number: its id."""
    plan = await find_plan(stores, rupees=rupees)
    return (await buy(stores, user_id, number, plan.plan_id, **overrides)).answer.recharge_id


# Outcomes


@pytest.mark.parametrize("status", ["processing", "unknown"])
async def test_a_pending_recharge_is_delivered(jio: Stores, status: str) -> None:
    bought = await purchase(jio)
    await run_sql(jio, "UPDATE recharges SET status = :status WHERE id = :id", status=status, id=bought.id)
    assert await deliver_bought(bought) is DeliverOutcome.DELIVERED
    recharge = await bought.recharge()
    assert (recharge.status, recharge.operator_reference, recharge.channel) == ("delivered", "J-1", FIRST)
    assert recharge.completed_at is not None
    assert await bought.statuses() == ("delivered", "active", "settled")
    await assert_books_balance(jio)


async def test_a_delivered_or_refunded_recharge_is_delivered_already(jio: Stores) -> None:
    bought = await purchase(jio)
    await deliver_bought(bought)
    first = await bought.recharge()
    assert await deliver(jio, bought.user_id, bought.id, reference="J-2") is DeliverOutcome.ALREADY
    again = await bought.recharge()
    assert (again.operator_reference, again.completed_at) == (first.operator_reference, first.completed_at)
    await jio.database.run(
        lambda db: recharges.take_back(
            db, bought.user_id, bought.id, refund_id=uuid4(), reason="wrong number", by=uuid4()
        )
    )
    assert await deliver_bought(bought) is DeliverOutcome.ALREADY
    assert (await bought.recharge()).status == "refunded"
    await assert_books_balance(jio)


async def test_a_failed_recharge_stays_failed(jio: Stores) -> None:
    bought = await purchase(jio)
    await jio.database.run(lambda db: recharges.fail(db, bought.user_id, bought.id, reason="refused"))
    assert await deliver_bought(bought) is DeliverOutcome.ALREADY_FAILED
    assert await bought.statuses() == ("failed", "cancelled", "failed")
    assert await bought.balance() == 100_000


async def test_a_recharge_that_was_not_paid_is_not_delivered(jio: Stores) -> None:
    user_id, number = await make_customer(jio, 0), await make_number(jio)
    sale = (await place(jio, user_id, number, (await find_plan(jio)).plan_id)).sale
    assert sale is not None
    assert await deliver(jio, user_id, sale.id) is DeliverOutcome.ALREADY_FAILED
    assert (await get_recharge(jio, user_id, sale.id)).status == "payment_pending"


async def test_a_recharge_that_does_not_exist_or_is_another_customers_is_not_found(jio: Stores) -> None:
    bought = await purchase(jio)
    assert await deliver(jio, bought.user_id, uuid4()) is DeliverOutcome.NOT_FOUND
    assert await deliver(jio, uuid4(), bought.id) is DeliverOutcome.NOT_FOUND
    assert (await bought.recharge()).status == "processing"


async def test_money_that_is_not_held_stops_the_delivery(jio: Stores) -> None:
    bought = await purchase(jio)
    await run_sql(jio, "UPDATE wallets SET held = 0 WHERE user_id = :user", user=bought.user_id)
    with pytest.raises(Exception, match="not held"):
        await deliver_bought(bought)
    assert (await bought.recharge()).status == "processing"
    await run_sql(jio, "UPDATE wallets SET held = 29900 WHERE user_id = :user", user=bought.user_id)
    await assert_books_balance(jio)


# Money and event


@pytest.mark.parametrize("commission", [0, 1, 897, 29_900])
async def test_the_commission_goes_from_the_operator_to_the_revenue(jio: Stores, commission: int) -> None:
    bought = await purchase(jio)
    await deliver_bought(bought, commission=commission)
    expected = {("user:main", "user:held"): 29_900, ("user:held", "operator:jio"): 29_900}
    if commission:
        expected["operator:jio", "revenue"] = commission
    assert await bought.transfers() == expected
    await assert_books_balance(jio)


async def test_the_event_says_what_started_and_what_was_paid(jio: Stores) -> None:
    bought = await purchase(jio)
    await deliver_bought(bought)
    [event] = await list_events(jio, bought.user_id, "PlanRecharged")
    plan = await bought.plan()
    assert plan.valid_until is not None
    assert {name: event[name] for name in ("status", "total_paid_paise", "payment_method", "source")} == {
        "status": "active",
        "total_paid_paise": 29_900,
        "payment_method": "wallet",
        "source": "web",
    }
    assert (event["recharge_id"], event["phone_number"]) == (str(bought.id), bought.phone_number)
    assert event["valid_until"].startswith(plan.valid_until.strftime("%Y-%m-%dT"))


# The plan


async def test_validity_runs_from_delivery_and_not_from_the_purchase(jio: Stores) -> None:
    bought = await purchase(jio)
    with clock.later(hours=5):
        now = clock.now()
        with clock.at(now):
            await deliver_bought(bought)
    plan = await bought.plan()
    assert (plan.valid_from, plan.valid_until) == (now, now + timedelta(days=28))


async def test_a_base_plan_queues_behind_one_that_started_first(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio)
    first = await buy_for(jio, user_id, number, 299)
    second = await buy_for(jio, user_id, number, 349)
    # The operator delivers the second one first.
    await deliver(jio, user_id, second)
    await deliver(jio, user_id, first)
    statuses = {plan.recharge_id: plan.status for plan in await list_plans(jio, number)}
    assert statuses == {second: "active", first: "queued"}
    [_, queued] = await list_events(jio, user_id, "PlanRecharged")
    assert (queued["status"], queued["valid_from"]) == ("queued", None)
    await assert_books_balance(jio)


async def test_activate_replaces_what_is_active_at_delivery(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio)
    first = await buy_for(jio, user_id, number, 299)
    await deliver(jio, user_id, first)
    second = await buy_for(jio, user_id, number, 349, activation_mode="activate")
    assert [plan.status for plan in await list_plans(jio, number)] == ["active", "pending"]
    await deliver(jio, user_id, second)
    assert [plan.status for plan in await list_plans(jio, number)] == ["replaced", "active"]
    await assert_books_balance(jio)


async def test_a_plan_that_ended_before_delivery_expires_and_the_new_one_starts(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio)
    await deliver(jio, user_id, await buy_for(jio, user_id, number, 299))
    with clock.later(days=27):
        second = await buy_for(jio, user_id, number, 349)
    with clock.later(days=29):
        await deliver(jio, user_id, second)
    assert [plan.status for plan in await list_plans(jio, number)] == ["expired", "active"]
    assert "PlanExpired" in await list_topics(jio, user_id)


async def test_an_addon_ends_with_the_base_plan(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio)
    await deliver(jio, user_id, await buy_for(jio, user_id, number, 299))
    addon = await buy_for(jio, user_id, number, 19)
    await deliver(jio, user_id, addon)
    base, beside = await list_plans(jio, number)
    assert (base.status, beside.status) == ("active", "active")
    assert beside.valid_until == base.valid_until


async def test_an_addon_whose_base_plan_ended_before_delivery_ends_at_once(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio)
    await deliver(jio, user_id, await buy_for(jio, user_id, number, 299))
    with clock.later(days=27):
        addon = await buy_for(jio, user_id, number, 19)
    with clock.later(days=29):
        assert await deliver(jio, user_id, addon) is DeliverOutcome.DELIVERED
    beside = (await list_plans(jio, number))[1]
    assert beside.valid_from == beside.valid_until
    with clock.later(days=29, seconds=5):
        await jio.database.run(lambda db: recharges.advance_due_lines(db, limit=1_000))
    assert [plan.status for plan in await list_plans(jio, number)] == ["expired", "expired"]


# Races


async def test_twenty_deliveries_at_once_deliver_once(jio: Stores) -> None:
    bought = await purchase(jio)
    outcomes = await asyncio.gather(*(deliver_bought(bought, commission=897) for _ in range(20)))
    assert sorted(outcomes) == [DeliverOutcome.ALREADY] * 19 + [DeliverOutcome.DELIVERED]
    assert await list_topics(jio, bought.user_id) == ["RechargeAccepted", "PlanRecharged"]
    await assert_books_balance(jio)


async def test_deliveries_of_one_number_at_once_leave_one_active_plan(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio)
    ids = [await buy_for(jio, user_id, number, 189, confirm_duplicate=True) for _ in range(8)]
    await asyncio.gather(*(deliver(jio, user_id, each) for each in ids))
    statuses = sorted(plan.status for plan in await list_plans(jio, number))
    assert statuses == ["active"] + ["queued"] * 7
    await assert_books_balance(jio)


async def test_a_delivered_recharge_is_not_shown_as_pending_by_a_late_answer(jio: Stores) -> None:
    bought = await purchase(jio)
    await deliver_bought(bought)
    for status in (PaymentState.PROCESSING, PaymentState.UNKNOWN):
        await jio.database.run(
            lambda db, status=status: recharges.show_pending_as(db, bought.user_id, bought.id, status)  # type: ignore[misc]
        )
    assert (await bought.recharge()).status == "delivered"
