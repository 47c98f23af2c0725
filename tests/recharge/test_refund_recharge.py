"""`refund_recharge`: a delivered recharge goes back to the wallet, in parts or as a whole, and its plan ends with the rest."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from gencharge.channels.models import Fulfilment
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge import lifecycle_crud
from gencharge.recharge import service as recharges
from gencharge.recharge.models import RefundOutcome
from tests.make.delivery import FIRST, Purchase, purchase
from tests.make.money import buy, find_plan, find_talktime, make_customer, make_number
from tests.make.recharge import assert_books_balance, list_events, list_plans, list_topics, money_of


async def delivered(stores: Stores, *, commission: int = 897) -> Purchase:
    bought = await purchase(stores)
    await stores.database.run(
        lambda db: recharges.deliver(
            db, bought.user_id, bought.id, operator_reference="J", channel=FIRST, commission=commission
        )
    )
    return bought


async def refund(bought: Purchase, paise: int, key: str | None = None) -> RefundOutcome:
    return await refund_of(bought.stores, bought.user_id, bought.id, paise, key)


async def refund_of(
    stores: Stores, user_id: UUID, recharge_id: UUID, paise: int, key: str | None = None
) -> RefundOutcome:
    return await stores.database.run(
        lambda db: lifecycle_crud.refund(
            db,
            user_id,
            recharge_id,
            amount=paise,
            key=key or str(uuid4()),
            reason="wrong number",
            context="{}",
        )
    )


async def test_a_part_leaves_the_plan_and_the_commission(jio: Stores) -> None:
    bought = await delivered(jio)
    assert await refund(bought, 10_000) is RefundOutcome.REFUNDED
    recharge = await bought.recharge()
    assert (recharge.status, recharge.refunded_amount) == ("delivered", 10_000)
    assert (await bought.plan()).status == "active"
    assert ("revenue", "operator:jio") not in await bought.transfers()
    assert await bought.balance() == 80_100
    [event] = await list_events(jio, bought.user_id, "RechargeRefunded")
    assert (event["amount_paise"], event["in_full"], event["reason"]) == (10_000, False, "wrong number")
    await assert_books_balance(jio)


async def test_the_last_paisa_ends_the_plan_and_gives_the_commission_back(jio: Stores) -> None:
    bought = await delivered(jio)
    assert await refund(bought, 29_899) is RefundOutcome.REFUNDED
    assert (await bought.recharge()).status == "delivered"
    assert await refund(bought, 1) is RefundOutcome.REFUNDED
    assert ((await bought.recharge()).status, (await bought.plan()).status) == ("refunded", "cancelled")
    assert (await bought.transfers())["revenue", "operator:jio"] == 897
    assert await bought.balance() == 100_000
    events = await list_events(jio, bought.user_id, "RechargeRefunded")
    assert [event["in_full"] for event in events] == [False, True]
    assert None not in {event["refund_id"] for event in events}
    assert len({event["refund_id"] for event in events}) == 2
    await assert_books_balance(jio)


async def test_without_a_commission_none_goes_back(jio: Stores) -> None:
    bought = await delivered(jio, commission=0)
    await refund(bought, 29_900)
    assert ("revenue", "operator:jio") not in await bought.transfers()
    await assert_books_balance(jio)


async def test_a_key_refunds_once(jio: Stores) -> None:
    bought = await delivered(jio)
    assert await refund(bought, 100, "once") is RefundOutcome.REFUNDED
    assert await refund(bought, 100, "once") is RefundOutcome.REPLAYED
    assert await refund(bought, 29_800, "rest") is RefundOutcome.REFUNDED
    assert await refund(bought, 29_800, "rest") is RefundOutcome.REPLAYED, "also once it is refunded"
    assert await bought.balance() == 100_000


@pytest.mark.parametrize("paise", [0, -1, 29_901, 10**12])
async def test_an_amount_beyond_what_is_left_is_refused(jio: Stores, paise: int) -> None:
    bought = await delivered(jio)
    assert await refund(bought, paise) is RefundOutcome.TOO_MUCH
    await refund(bought, 29_000)
    assert await refund(bought, 901) is RefundOutcome.TOO_MUCH
    assert await refund(bought, 900) is RefundOutcome.REFUNDED


async def test_what_was_not_delivered_is_not_refunded(jio: Stores) -> None:
    pending = await purchase(jio)
    assert await refund(pending, 100) is RefundOutcome.NOT_DELIVERED
    await jio.database.run(lambda db: recharges.fail(db, pending.user_id, pending.id, reason="refused"))
    assert await refund(pending, 100) is RefundOutcome.NOT_DELIVERED
    bought = await delivered(jio)
    await refund(bought, 29_900)
    assert await refund(bought, 1) is RefundOutcome.NOT_DELIVERED
    assert await money_of(jio, pending.user_id) == await money_of(jio, bought.user_id) == (100_000, 0)


async def test_what_does_not_exist_is_not_found(jio: Stores) -> None:
    bought = await delivered(jio)
    assert await refund_of(jio, bought.user_id, uuid4(), 100) is RefundOutcome.NOT_FOUND
    assert await refund_of(jio, uuid4(), bought.id, 100) is RefundOutcome.NOT_FOUND


async def test_the_next_plan_of_the_queue_starts_when_the_active_one_is_refunded(jio: Stores) -> None:
    user_id, number = await make_customer(jio), await make_number(jio, "AIRTEL")
    first, second, third = [
        (
            await buy(
                jio,
                user_id,
                number,
                (await find_plan(jio, "AIRTEL", 299)).plan_id,
                confirm_duplicate=True,
            )
        ).answer.recharge_id
        for _ in range(3)
    ]
    await refund_of(jio, user_id, second, 29_900)
    now = clock.now() + timedelta(hours=1)
    with clock.at(now):
        await refund_of(jio, user_id, first, 29_900)
    plans = {plan.recharge_id: plan for plan in await list_plans(jio, number)}
    assert [plans[each].status for each in (first, second, third)] == ["cancelled", "cancelled", "active"]
    assert plans[third].valid_from == now
    assert "PlanActivated" in await list_topics(jio, user_id)
    await assert_books_balance(jio)


async def test_a_plan_that_has_expired_is_refunded_and_stays_expired(jio: Stores) -> None:
    bought = await delivered(jio)
    with clock.later(days=29):
        await jio.database.run(lambda db: recharges.advance_due_lines(db, limit=1_000))
        assert await refund(bought, 29_900) is RefundOutcome.REFUNDED
    assert ((await bought.recharge()).status, (await bought.plan()).status) == ("refunded", "expired")


async def test_twenty_refunds_at_once_never_exceed_what_was_paid(jio: Stores) -> None:
    bought = await delivered(jio)
    outcomes = await asyncio.gather(*(refund(bought, 2_990) for _ in range(20)))
    assert outcomes.count(RefundOutcome.REFUNDED) == 10
    assert set(outcomes) == {RefundOutcome.REFUNDED, RefundOutcome.NOT_DELIVERED}
    assert await bought.balance() == 100_000
    await assert_books_balance(jio)


async def test_one_key_at_once_refunds_once(jio: Stores) -> None:
    bought = await delivered(jio)
    outcomes = await asyncio.gather(*(refund(bought, 29_900, "race") for _ in range(10)))
    assert sorted(outcomes) == [RefundOutcome.REFUNDED] + [RefundOutcome.REPLAYED] * 9
    assert await bought.balance() == 100_000


@pytest.mark.parametrize(
    "parts",
    [[29_900], [1, 29_899], [10_000, 10_000, 9_900], [20_000, 10_000, 9_900], [1] * 5 + [29_896, 29_895]],
)
async def test_parts_are_refunded_until_nothing_is_left(jio: Stores, parts: list[int]) -> None:
    bought, left = await delivered(jio), 29_900
    for part in parts:
        outcome = await refund(bought, part)
        assert outcome is (RefundOutcome.REFUNDED if part <= left else RefundOutcome.TOO_MUCH)
        left -= part if part <= left else 0
        assert await bought.balance() == 100_000 - left
    assert left == 0
    assert (await bought.recharge()).status == "refunded"
    await assert_books_balance(jio)


async def test_any_amount_goes_to_the_operator_whole_and_back_in_parts(jio: Stores) -> None:
    user_id, number, plan = await make_customer(jio, 1_000), await make_number(jio), await find_talktime(jio)
    sale = (await buy(jio, user_id, number, plan.plan_id, amount=37)).answer
    assert (sale.status, sale.talktime) == ("processing", Money.rupees("28.36"))
    async with jio.database.transaction() as db:
        queued = await db.get_one(Fulfilment, (user_id, sale.recharge_id))
        assert (queued.amount, queued.plan_id) == (37_00, plan.plan_id)
    assert await money_of(jio, user_id) == (963_00, 37_00)
    await jio.database.run(
        lambda db: recharges.deliver(
            db, user_id, sale.recharge_id, operator_reference="J", channel=FIRST, commission=1_00
        )
    )
    assert await refund_of(jio, user_id, sale.recharge_id, 10_00) is RefundOutcome.REFUNDED
    assert await refund_of(jio, user_id, sale.recharge_id, 27_01) is RefundOutcome.TOO_MUCH
    assert await refund_of(jio, user_id, sale.recharge_id, 27_00) is RefundOutcome.REFUNDED
    [topped_up] = await list_plans(jio, number)
    assert topped_up.status == "cancelled"
    assert await money_of(jio, user_id) == (1_000_00, 0)
    failed = (await buy(jio, user_id, number, plan.plan_id, amount=500, confirm_duplicate=True)).answer
    await jio.database.run(lambda db: recharges.fail(db, user_id, failed.recharge_id, reason="declined"))
    assert await money_of(jio, user_id) == (1_000_00, 0)
    await assert_books_balance(jio)
