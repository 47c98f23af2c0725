"""The queue of a number's plans: cancelled once, started once, in the order that was asked for."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyKeyReused, Problem
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.recharge import lifecycle_crud, queue_crud
from gencharge.recharge import queue_service as queue
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import (
    PlanNotQueued,
    PlanNotReturnable,
    PlanQueueChanged,
    RechargeNotFound,
    RunningPlanEnds,
)
from gencharge.recharge.models import Recharge
from gencharge.recharge.queue_schemas import CancelledPlanOut, OrderQueue, QueueOut, StartPlan
from gencharge.recharge.schemas import BoughtPlanOut
from gencharge.users import service as users
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make.delivery import FIRST, reach_jio
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, make_number
from tests.make.offers import flat, market_of, owed, publish, use_of, used
from tests.make.outside import reach_over_api
from tests.make.recharge import assert_books_balance, list_events, list_plans, money_of


async def make_payer(stores: Stores) -> UUID:
    """A customer with a number at Jio and Rs 5,000."""
    phone_number = await make_number(stores)

    async def unit(db: AsyncSession) -> UUID:
        user = await make_user(db, phone_number=phone_number)
        await wallet.credit(
            db,
            user.user_id,
            Money.rupees(5_000),
            source_account=Account.OPENING,
            code=Code.OPENING,
            key="opening",
        )
        return user.user_id

    return await stores.database.run(unit)


async def own_number(stores: Stores, user_id: UUID) -> str:

    return (await stores.database.run(lambda db: users.get(db, user_id))).phone_number


async def line(stores: Stores, user_id: UUID, number: str, *rupees: int) -> list[UUID]:
    """Buy these plans one after another: the first one runs, the others wait."""
    return [
        (
            await buy(stores, user_id, number, (await find_plan(stores, rupees=price)).plan_id, window=0)
        ).answer.recharge_id
        for price in rupees
    ]


async def cancel(
    stores: Stores, user_id: UUID, recharge_id: UUID, key: str | None = None
) -> Answered[CancelledPlanOut]:
    return await stores.database.run(
        lambda db: queue.cancel(db, user_id, recharge_id, key=key or str(uuid4()))
    )


async def start(
    stores: Stores, user_id: UUID, recharge_id: UUID, replaces: UUID | None = None
) -> BoughtPlanOut:
    return await stores.database.run(
        lambda db: queue.start(db, user_id, recharge_id, StartPlan(replaced_recharge_id=replaces))
    )


async def order(stores: Stores, user_id: UUID, number: str, *recharge_ids: UUID) -> QueueOut:
    command = OrderQueue(phone_number=number, recharge_ids=list(recharge_ids))
    return await stores.database.run(lambda db: queue.set_order(db, user_id, command))


async def show(stores: Stores, user_id: UUID, number: str) -> QueueOut:
    return await stores.database.run(lambda db: queue.show(db, user_id, number))


async def statuses(stores: Stores, number: str) -> list[str]:
    return [plan.status for plan in await list_plans(stores, number)]


async def test_a_cancelled_plan_goes_back_into_the_wallet_and_those_behind_it_move_up(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    _, second, third = await line(shop, payer, number, 299, 249, 189)
    before = await show(shop, payer, number)
    answer = (await cancel(shop, payer, second)).answer
    assert (answer.recharge_id, answer.amount) == (second, Money.rupees(249))
    assert await money_of(shop, payer) == (500_000 - 29_900 - 18_900, 0)
    assert await statuses(shop, number) == ["active", "cancelled", "queued"]
    after = await show(shop, payer, number)
    assert [item.recharge_id for item in after.plans] == [third]
    assert after.plans[0].starts_at == before.plans[0].starts_at
    [event] = await list_events(shop, payer, "QueuedPlanCancelled")
    assert (event["recharge_id"], event["amount_paise"]) == (str(second), 24_900)
    await assert_books_balance(shop)


async def test_fifty_cancellations_at_once_give_one_refund(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    _, second = await line(shop, payer, number, 299, 249)
    ends = await asyncio.gather(*(cancel(shop, payer, second) for _ in range(50)), return_exceptions=True)
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert len(refused) == 49
    assert {type(end) for end in refused} == {PlanNotQueued}
    assert await money_of(shop, payer) == (500_000 - 29_900, 0)
    assert len(await list_events(shop, payer, "RechargeRefunded")) == 1
    await assert_books_balance(shop)


async def test_the_same_key_at_once_gives_the_same_answer_and_one_refund(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    first, second, third = await line(shop, payer, number, 299, 249, 189)
    ends = await asyncio.gather(*(cancel(shop, payer, second, "k") for _ in range(10)))
    assert len({end.answer.refund_id for end in ends}) == 1
    assert sum(not end.replayed for end in ends) == 1
    with pytest.raises(IdempotencyKeyReused):
        await cancel(shop, payer, third, "k")
    assert await money_of(shop, payer) == (500_000 - 29_900 - 18_900, 0)
    with pytest.raises(PlanNotQueued) as running:
        await cancel(shop, payer, first)
    assert running.value.extra == {"plan_status": "active"}


async def test_only_who_bought_a_plan_can_cancel_it(shop: Stores) -> None:
    payer, owner = await make_payer(shop), await make_payer(shop)
    number = await own_number(shop, owner)
    _, second = await line(shop, payer, number, 299, 249)
    with pytest.raises(RechargeNotFound):
        await cancel(shop, owner, second)
    assert await statuses(shop, number) == ["active", "queued"]


async def test_a_plan_whose_turn_has_come_is_started_and_not_cancelled(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    _, second = await line(shop, payer, number, 299, 249)
    with clock.later(days=29), pytest.raises(PlanNotQueued):
        await cancel(shop, payer, second)
    assert await money_of(shop, payer) == (500_000 - 29_900 - 24_900, 0)


async def test_what_an_offer_gave_goes_back_and_its_use_is_free_again(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop, "AIRTEL")
    offer = await publish(shop, {"discount": flat(59), "cashback": flat(20)})
    plan = await find_plan(shop, "AIRTEL", 299)
    await buy(shop, payer, number, plan.plan_id, window=0)
    market = await market_of(shop, offer)
    sale = (
        await buy(shop, payer, number, plan.plan_id, window=0, market=market, offer_id=offer.offer_id)
    ).answer
    assert (sale.status, await used(shop, offer.offer_id)) == ("queued", (1, 7_900))
    answer = (await cancel(shop, payer, sale.recharge_id)).answer
    assert answer.amount == Money.rupees(240)
    assert await money_of(shop, payer) == (500_000 - 29_900, 0)
    assert (await use_of(shop, payer, sale.recharge_id)).status == "freed"
    assert (await used(shop, offer.offer_id), await owed(shop, payer)) == ((0, 0), 0)
    await assert_books_balance(shop)


async def test_what_the_staff_had_refunded_in_part_is_not_refunded_again(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    _, second = await line(shop, payer, number, 299, 249)

    await shop.database.run(
        lambda db: lifecycle_crud.refund(
            db, payer, second, amount=10_000, key=str(uuid4()), reason="part", context="{}"
        )
    )
    assert (await cancel(shop, payer, second)).answer.amount == Money.rupees(149)
    assert await money_of(shop, payer) == (500_000 - 29_900, 0)


async def test_a_plan_is_started_only_in_place_of_the_one_that_is_named(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    first, second, third = await line(shop, payer, number, 299, 249, 189)
    for replaces in (None, third):
        with pytest.raises(RunningPlanEnds) as refused:
            await start(shop, payer, second, replaces)
        assert refused.value.extra["running_plan"]["recharge_id"] == first
        assert refused.value.extra["running_plan"]["plan_name"]
    assert await statuses(shop, number) == ["active", "queued", "queued"]
    started = await start(shop, payer, second, first)
    assert (started.recharge_id, started.status) == (second, "active")
    assert await statuses(shop, number) == ["replaced", "active", "queued"]
    plans = await list_plans(shop, number)
    assert plans[0].ended_at == plans[1].valid_from
    assert plans[1].valid_from is not None
    assert plans[1].valid_until is not None
    assert plans[1].valid_until - plans[1].valid_from == timedelta(days=28)
    assert (await show(shop, payer, number)).plans[0].starts_at == plans[1].valid_until
    [event] = await list_events(shop, payer, "QueuedPlanStarted")
    assert (event["replaced_recharge"], event["total_paid_paise"]) == (str(first), 24_900)
    assert (await start(shop, payer, second, first)).status == "active"
    assert len(await list_events(shop, payer, "QueuedPlanStarted")) == 1
    with pytest.raises(PlanNotQueued):
        await start(shop, payer, first, second)
    await assert_books_balance(shop)


async def test_a_start_and_the_worker_at_once_start_one_plan(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    first, second, _ = await line(shop, payer, number, 299, 249, 189)

    async def attempt() -> BoughtPlanOut | Problem:
        try:
            return await start(shop, payer, second, first)
        except Problem as problem:
            return problem

    with clock.later(days=28.5):
        ends = await asyncio.gather(
            attempt(),
            *(shop.database.run(lambda db: recharges.advance_due_lines(db, limit=50)) for _ in range(3)),
        )
        assert isinstance(ends[0], BoughtPlanOut)
        assert ends[0].status == "active"
    assert await statuses(shop, number) == ["expired", "active", "queued"]
    plans = await list_plans(shop, number)
    assert plans[1].valid_from == plans[0].valid_until, "it started when the one before it ended"


async def test_the_owner_of_the_number_starts_what_somebody_else_bought(shop: Stores) -> None:
    payer, owner, stranger = [await make_payer(shop) for _ in range(3)]
    number = await own_number(shop, owner)
    first, second = await line(shop, payer, number, 299, 249)
    with pytest.raises(RechargeNotFound):
        await start(shop, stranger, second, first)
    assert (await start(shop, owner, second, first)).status == "active"


async def test_a_plan_of_others_on_the_number_of_others_is_not_described(shop: Stores) -> None:
    payer, other = await make_payer(shop), await make_payer(shop)
    number = await make_number(shop)
    [first] = await line(shop, other, number, 299)
    [second] = await line(shop, payer, number, 249)
    shown = await show(shop, payer, number)
    assert [(item.recharge_id, item.starts_at) for item in shown.plans] == [(second, None)]
    with pytest.raises(RunningPlanEnds) as refused:
        await start(shop, payer, second)
    assert refused.value.extra == {"running_plan": {"recharge_id": first}}


async def test_the_order_decides_which_plan_starts_next(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    first, second, third, fourth = await line(shop, payer, number, 299, 249, 189, 399)
    answer = await order(shop, payer, number, fourth, second, third)
    assert [item.recharge_id for item in answer.plans] == [fourth, second, third]
    for before, after in zip(answer.plans, answer.plans[1:], strict=False):
        assert before.ends_at == after.starts_at
    [fifth] = await line(shop, payer, number, 299)
    assert [item.recharge_id for item in (await show(shop, payer, number)).plans] == [
        fourth,
        second,
        third,
        fifth,
    ]
    with clock.later(days=28.01):
        await shop.database.run(lambda db: recharges.advance_due_lines(db, limit=50))
    plans = {plan.recharge_id: plan for plan in await list_plans(shop, number)}
    assert plans[fourth].status == "active"
    assert plans[fourth].valid_from == plans[first].valid_until == answer.plans[0].starts_at
    assert plans[fourth].valid_until == answer.plans[0].ends_at
    [event] = await list_events(shop, payer, "PlanQueueReordered")
    assert event["changes"]["order"] == {
        "old": [str(second), str(third), str(fourth)],
        "new": [str(fourth), str(second), str(third)],
    }


async def test_an_order_that_is_not_of_what_waits_changes_nothing(shop: Stores) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    first, second, third = await line(shop, payer, number, 299, 249, 189)
    for wrong in (
        (second,),
        (second, third, first),
        (second, second),
        (second, uuid4()),
        (third, third, second),
    ):
        with pytest.raises(PlanQueueChanged):
            await order(shop, payer, number, *wrong)
    assert [item.recharge_id for item in (await show(shop, payer, number)).plans] == [second, third]


async def test_a_plan_that_somebody_else_bought_keeps_its_place(shop: Stores) -> None:
    payer, other = await make_payer(shop), await make_payer(shop)
    number = await make_number(shop)
    _, second = await line(shop, payer, number, 299, 249)
    [theirs] = await line(shop, other, number, 189)
    [fourth] = await line(shop, payer, number, 399)
    await order(shop, payer, number, fourth, second)
    everything = await shop.database.run(lambda db: queue_crud.list_queue(db, number))
    assert [row.recharge_id for row in everything] == [fourth, theirs, second]


async def test_cancels_orders_and_starts_at_once_leave_one_plan_running_and_the_books_right(
    shop: Stores,
) -> None:
    payer, number = await make_payer(shop), await make_number(shop)
    first, second, third, fourth = await line(shop, payer, number, 299, 249, 189, 399)
    ends = await asyncio.gather(
        cancel(shop, payer, second),
        start(shop, payer, third, first),
        order(shop, payer, number, fourth, third, second),
        cancel(shop, payer, third),
        start(shop, payer, second, first),
        return_exceptions=True,
    )
    assert all(isinstance(end, Problem) for end in ends if isinstance(end, BaseException))
    plans = await list_plans(shop, number)
    assert [plan.status for plan in plans].count("active") == 1
    paid = {first: 29_900, second: 24_900, third: 18_900, fourth: 39_900}
    spent = sum(paid[plan.recharge_id] for plan in plans if plan.status != "cancelled")
    assert await money_of(shop, payer) == (500_000 - spent, 0)
    await assert_books_balance(shop)


@pytest.mark.parametrize("seed", range(4))
async def test_after_a_random_life_of_a_queue_the_books_balance(shop: Stores, seed: int) -> None:
    """Buying, cancelling, starting, ordering and waiting in any order; each move may be refused, none may lose money."""
    chance = random.Random(seed)
    payer, number = await make_payer(shop), await make_number(shop)
    days, moves = 0.0, Counter[str]()
    for _ in range(40):
        days += chance.choice((0, 0, 0.5, 9))
        with clock.later(days=days):
            plans = await list_plans(shop, number)
            waiting = [plan.recharge_id for plan in plans if plan.status == "queued"]
            runs = [plan.recharge_id for plan in plans if plan.status == "active"]
            move = chance.choice(("buy", "buy", "cancel", "start", "order", "advance"))
            try:
                if move == "buy":
                    await line(shop, payer, number, chance.choice((299, 249, 189)))
                elif move == "cancel" and waiting:
                    await cancel(shop, payer, chance.choice(waiting))
                elif move == "start" and waiting and runs:
                    await start(shop, payer, chance.choice(waiting), runs[0])
                elif move == "order" and waiting:
                    await order(shop, payer, number, *chance.sample(waiting, len(waiting)))
                elif move == "advance":
                    await shop.database.run(lambda db: recharges.advance_due_lines(db, limit=50))
                else:
                    continue
                moves[move] += 1
            except Problem:
                moves["refused"] += 1
            plans = await list_plans(shop, number)
            assert sum(plan.status == "active" for plan in plans) <= 1
    assert moves["cancel"]
    assert moves["start"]
    assert moves["order"]
    async with shop.database.transaction() as db:
        sold = [row for row in await db.scalars(select(Recharge).where(Recharge.user_id == payer))]
    spent = sum(row.wallet_amount - row.refunded_amount for row in sold)
    assert await money_of(shop, payer) == (500_000 - spent, 0)
    assert all((row.refunded_amount == row.wallet_amount) == (row.status == "refunded") for row in sold)
    await assert_books_balance(shop)


async def test_a_plan_that_its_operator_delivered_is_not_given_back(shop: Stores) -> None:
    user_id = await make_payer(shop)
    number = await own_number(shop, user_id)
    await reach_jio(shop)
    bought = []
    for rupees in (299, 349):
        plan = await find_plan(shop, rupees=rupees)
        sale = (await buy(shop, user_id, number, plan.plan_id, window=0)).answer
        await shop.database.run(
            lambda db, sale=sale: recharges.deliver(
                db, user_id, sale.recharge_id, operator_reference="J-1", channel=FIRST, commission=0
            )
        )
        bought.append(sale.recharge_id)
    await reach_over_api(shop, "JIO")
    before = await money_of(shop, user_id)
    with pytest.raises(PlanNotReturnable):
        await cancel(shop, user_id, bought[1])
    assert await money_of(shop, user_id) == before
    assert [plan.status for plan in await list_plans(shop, number)] == ["active", "queued"]
    await assert_books_balance(shop)
