"""`fail_recharge`: what is held for a recharge goes back to the wallet, and its plan is cancelled, once."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.recharge import service as recharges
from gencharge.recharge.models import DeliverOutcome, FailOutcome
from tests.make.delivery import FIRST, purchase
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.recharge import (
    assert_books_balance,
    get_recharge,
    list_events,
    list_plans,
    money_of,
    place,
    run_sql,
)


async def fail(stores: Stores, user_id: UUID, recharge_id: UUID, reason: str = "refused") -> FailOutcome:
    return await stores.database.run(lambda db: recharges.fail(db, user_id, recharge_id, reason=reason))


@pytest.mark.parametrize("status", ["processing", "unknown"])
async def test_a_pending_recharge_fails_and_its_money_is_free(jio: Stores, status: str) -> None:
    bought = await purchase(jio)
    await run_sql(jio, "UPDATE recharges SET status = :status WHERE id = :id", status=status, id=bought.id)
    assert await money_of(jio, bought.user_id) == (70_100, 29_900)
    assert await fail(jio, bought.user_id, bought.id, "number_barred") is FailOutcome.FAILED
    recharge = await bought.recharge()
    assert (recharge.status, recharge.failure_reason) == ("failed", "number_barred")
    assert recharge.completed_at is not None
    assert await bought.statuses() == ("failed", "cancelled", "failed")
    assert await money_of(jio, bought.user_id) == (100_000, 0)
    assert (await bought.fulfilment()).last_error == "number_barred"
    await assert_books_balance(jio)


async def test_a_failed_recharge_keeps_its_first_reason(jio: Stores) -> None:
    bought = await purchase(jio)
    await fail(jio, bought.user_id, bought.id, "busy")
    assert await fail(jio, bought.user_id, bought.id, "refused") is FailOutcome.ALREADY
    assert (await bought.recharge()).failure_reason == "busy"
    assert len(await list_events(jio, bought.user_id, "RechargeFailed")) == 1


async def test_a_delivered_or_refunded_recharge_does_not_fail(jio: Stores) -> None:
    bought = await purchase(jio)
    await jio.database.run(
        lambda db: recharges.deliver(
            db, bought.user_id, bought.id, operator_reference=None, channel=FIRST, commission=0
        )
    )
    assert await fail(jio, bought.user_id, bought.id) is FailOutcome.DELIVERED
    await jio.database.run(
        lambda db: recharges.take_back(
            db, bought.user_id, bought.id, refund_id=uuid4(), reason="wrong number", by=uuid4()
        )
    )
    assert await fail(jio, bought.user_id, bought.id) is FailOutcome.DELIVERED
    assert await bought.balance() == 100_000
    assert await list_events(jio, bought.user_id, "RechargeFailed") == []
    await assert_books_balance(jio)


async def test_a_recharge_that_does_not_exist_or_is_another_customers_is_not_found(jio: Stores) -> None:
    bought = await purchase(jio)
    assert await fail(jio, bought.user_id, uuid4()) is FailOutcome.NOT_FOUND
    assert await fail(jio, uuid4(), bought.id) is FailOutcome.NOT_FOUND
    assert (await bought.recharge()).status == "processing"


@pytest.mark.parametrize("wallet_paise", [0, 9_900])
async def test_an_unpaid_recharge_gives_back_the_wallets_part_alone(jio: Stores, wallet_paise: int) -> None:
    user_id, number = await make_customer(jio, 100), await make_number(jio)
    plan_id = (await find_plan(jio)).plan_id
    placed = await place(
        jio, user_id, number, plan_id, wallet_amount=wallet_paise, gateway_amount=29_900 - wallet_paise
    )
    assert placed.sale is not None
    assert await money_of(jio, user_id) == (10_000 - wallet_paise, wallet_paise)
    assert await fail(jio, user_id, placed.sale.id, "payment_failed") is FailOutcome.FAILED
    assert await money_of(jio, user_id) == (10_000, 0)
    assert [plan.status for plan in await list_plans(jio, number)] == ["cancelled"]
    [event] = await list_events(jio, user_id, "RechargeFailed")
    assert (event["reason"], event["refunded_paise"]) == ("payment_failed", wallet_paise)
    await assert_books_balance(jio)


async def test_a_failed_plan_is_no_duplicate_and_leaves_the_number_free(jio: Stores) -> None:
    bought = await purchase(jio)
    await fail(jio, bought.user_id, bought.id)
    plan_id = (await bought.recharge()).plan_id
    again = await buy(jio, bought.user_id, bought.phone_number, plan_id)
    assert again.answer.status == "processing"
    assert [plan.status for plan in await list_plans(jio, bought.phone_number)] == ["cancelled", "pending"]


async def test_money_that_is_not_held_stops_it(jio: Stores) -> None:
    bought = await purchase(jio)
    await run_sql(jio, "UPDATE wallets SET held = 0 WHERE user_id = :user", user=bought.user_id)
    with pytest.raises(Exception, match="not held"):
        await fail(jio, bought.user_id, bought.id)
    assert (await bought.recharge()).status == "processing"
    await run_sql(jio, "UPDATE wallets SET held = 29900 WHERE user_id = :user", user=bought.user_id)


async def test_a_failure_and_a_delivery_that_race_have_one_winner(jio: Stores) -> None:
    for _ in range(10):
        bought = await purchase(jio)
        failed, delivered = await asyncio.gather(
            fail(jio, bought.user_id, bought.id),
            jio.database.run(
                lambda db, bought=bought: recharges.deliver(  # type: ignore[misc]
                    db, bought.user_id, bought.id, operator_reference=None, channel=FIRST, commission=0
                )
            ),
        )
        assert (failed, delivered) in {
            (FailOutcome.FAILED, DeliverOutcome.ALREADY_FAILED),
            (FailOutcome.DELIVERED, DeliverOutcome.DELIVERED),
        }
        expected = 100_000 if failed is FailOutcome.FAILED else 70_100
        assert await money_of(jio, bought.user_id) == (expected, 0)
    await assert_books_balance(jio)


async def test_the_recharge_keeps_what_it_was_sold_as(jio: Stores) -> None:
    bought = await purchase(jio, key="sold-once")
    await fail(jio, bought.user_id, bought.id)
    recharge = await get_recharge(jio, bought.user_id, bought.id)
    again = await buy(jio, bought.user_id, bought.phone_number, recharge.plan_id, key="sold-once")
    assert again.replayed
    assert again.answer == bought.sale.answer
