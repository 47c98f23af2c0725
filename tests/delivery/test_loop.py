"""The dispatcher against the sandbox's operators: whatever goes wrong, the plan or the money, never both."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from gencharge.channels import service as channels
from gencharge.channels.client import OperatorClient
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import SignedMoney
from gencharge.delivery import loop
from gencharge.delivery.loop import Dispatcher
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import DuplicateRecharge
from gencharge.wallet import history_service as history
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.schemas import TransactionQuery
from tests.make.delivery import FIRST, SECOND, Purchase, ask_again, deliveries, purchase
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.operators import set_maintenance
from tests.make.outside import NOBODY, Outside, reach_over_api
from tests.make.recharge import assert_books_balance, get_recharge, list_plans, run_sql
from tests.sandbox.conftest import until


async def test_the_money_is_held_at_once_and_the_plan_starts_when_the_operator_has_it(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    bought = await purchase(shop)
    assert bought.sale.answer.status == "processing"
    assert bought.sale.answer.wallet_balance.paise == 70_100
    assert (await bought.plan()).status == "pending"
    await assert_books_balance(shop)

    await dispatcher.drain()
    recharge, plan = await bought.recharge(), await bought.plan()
    assert (recharge.status, plan.status) == ("delivered", "active")
    assert recharge.operator_reference is not None
    assert recharge.operator_reference.startswith("JIO-")
    assert recharge.channel == FIRST
    assert plan.valid_until is not None
    assert await bought.transfers() == {
        ("user:main", "user:held"): 29_900,
        ("user:held", "operator:jio"): 29_900,
        ("operator:jio", "revenue"): 897,
    }
    assert len(deliveries(outside)) == 1
    await assert_books_balance(shop)
    async with shop.database.transaction() as db:
        seen = await history.list_transactions(db, bought.user_id, TransactionQuery())
    assert [(each.category, each.status, each.wallet_change) for each in seen.items] == [
        ("recharge", "completed", SignedMoney(-29_900)),
        ("opening", "completed", SignedMoney(100_000)),
    ], "one row, and not the house's commission"


async def test_a_repeat_with_the_same_key_gets_the_first_answer_and_nothing_more_is_sent(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    user_id, number, plan = (
        await make_customer(shop, 1_000),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    first = await buy(shop, user_id, number, plan, key="once")
    await dispatcher.drain()
    again = await buy(shop, user_id, number, plan, key="once")
    await dispatcher.drain()
    assert again.replayed
    assert again.answer.subscription_id == first.answer.subscription_id
    assert len(deliveries(outside)) == 1


async def test_nothing_is_sent_to_an_operator_that_works_on_its_systems_and_what_waits_goes_out_afterwards(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    bought = await purchase(shop)
    await set_maintenance(shop, "JIO", hours=4)
    try:
        await dispatcher.drain()
        assert deliveries(outside) == []
        assert (await bought.recharge()).status == "processing"
        assert (
            await shop.database.run(lambda db: channels.claim(db, limit=10, lease_seconds=60, busy=[])) == []
        )
    finally:
        await set_maintenance(shop, "JIO", hours=None)
    await dispatcher.drain()
    assert (await bought.recharge()).status == "delivered"
    assert len(deliveries(outside)) == 1
    await assert_books_balance(shop)


@pytest.mark.parametrize(
    "script",
    [
        "time_out_before", "time_out_after", "server_error_before", "server_error_after", "lost_connection_before",
        "lost_connection_after_accept", "garbage", "huge_body", "redirect", "drip", "slow", "late_success",
        "success_without_callback", "too_many_requests",
    ],
)  # fmt: skip
async def test_whatever_happens_to_a_submission_it_is_delivered_once_and_paid_once(
    shop: Stores, impatient: Dispatcher, outside: Outside, script: str
) -> None:
    outside.script(FIRST, "submit", script, times=1, seconds=1.5)
    bought = await purchase(shop)
    await impatient.drain()
    if script == "late_success":
        assert (await bought.recharge()).status in {"processing", "unknown"}
        until(lambda: deliveries(outside) != [])
    await ask_again(impatient)
    assert (await bought.recharge()).status == "delivered"
    assert len(deliveries(outside)) == 1
    assert await bought.balance() == 70_100
    await assert_books_balance(shop)


async def test_a_refusal_lets_the_next_channel_try_and_the_last_refusal_gives_the_money_back(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "decline")
    bought = await purchase(shop)
    await dispatcher.drain()
    assert [(a.channel, a.outcome) for a in await bought.attempts()] == [
        (FIRST, "refused"),
        (SECOND, "delivered"),
    ]
    assert (await bought.recharge()).channel == SECOND

    outside.script(SECOND, "submit", "decline", reason="number_not_active")
    lost = await purchase(shop)
    await dispatcher.drain()
    recharge = await lost.recharge()
    assert (recharge.status, recharge.failure_reason) == ("failed", "number_not_active")
    assert (await lost.plan()).status == "cancelled"
    assert await lost.balance() == 100_000
    await assert_books_balance(shop)


async def test_a_stated_operator_that_denies_the_number_fails_the_recharge_and_nobody_else_is_tried(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    """The number is known to be another operator's, whose channels stay unasked."""
    for channel in (FIRST, SECOND):
        outside.script(channel, "submit", "decline", reason="number_not_active")
    user_id, number = await make_customer(shop, 1_000), await make_number(shop, "VI")
    plan = await find_plan(shop)
    sale = await buy(shop, user_id, number, plan.plan_id, operator="JIO", circle="KA")
    assert (await get_recharge(shop, user_id, sale.answer.recharge_id)).circle == "KA"
    await dispatcher.drain()
    recharge = await get_recharge(shop, user_id, sale.answer.recharge_id)
    assert (recharge.status, recharge.failure_reason) == ("failed", "number_not_active")
    bought = Purchase(shop, user_id, sale, number)
    assert [(each.channel, each.outcome) for each in await bought.attempts()] == [
        (FIRST, "refused"),
        (SECOND, "refused"),
    ]
    assert await bought.balance() == 100_000
    await assert_books_balance(shop)


async def test_a_time_out_never_lets_another_channel_try_nor_gives_the_money_back(
    shop: Stores, impatient: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "time_out_after", times=1)
    outside.script(FIRST, "status", "server_error_before")
    bought = await purchase(shop)
    await ask_again(impatient, rounds=20)
    assert (await bought.recharge()).status == "unknown"
    assert [attempt.channel for attempt in await bought.attempts()] == [FIRST]
    assert await bought.balance() == 70_100
    assert (await bought.fulfilment()).last_error == "unavailable"
    await assert_books_balance(shop)

    outside.control("DELETE", "/sandbox/scripts")
    with clock.later(days=3):
        await impatient.drain()
    assert (await bought.recharge()).status == "delivered"
    assert len(deliveries(outside)) == 1


async def test_an_operator_that_cannot_be_reached_is_retried_and_fails_after_15_minutes(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    await reach_over_api(shop, "JIO", (FIRST, f"{NOBODY}/a"))
    await dispatcher._channels.refresh(shop.database)
    bought = await purchase(shop)
    await dispatcher.drain()
    assert (await bought.recharge()).status == "processing"
    with clock.later(minutes=14):
        await dispatcher.drain()
    assert (await bought.recharge()).status == "processing"
    with clock.later(minutes=16):
        await dispatcher.drain()
    with clock.later(minutes=17):
        await dispatcher.drain()
    assert (await bought.recharge()).failure_reason == "operator_unreachable"
    assert await bought.balance() == 100_000
    await assert_books_balance(shop)


async def test_a_worker_that_died_in_the_middle_leaves_nothing_that_is_sent_twice(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    """It had written down that it submits; whether it did, nobody knows."""

    for sent in (False, True):
        bought = await purchase(shop)
        channel = (await dispatcher._snapshot()).channels[FIRST]
        [task] = await shop.database.run(lambda db: channels.claim(db, limit=1, lease_seconds=30, busy=[]))
        reference = await shop.database.run(
            lambda db, t=task, c=channel: channels.begin_attempt(db, t.user_id, t.recharge_id, channel=c.code)
        )
        assert reference is not None
        if sent:
            await dispatcher._client.submit(channel, task.submission(reference))
        await dispatcher.drain()
        assert (await bought.recharge()).status == "processing", "its lease has not run out"
        with clock.later(minutes=1):
            await dispatcher.drain()
        assert (await bought.recharge()).status == "delivered"
        assert outside.deliveries(FIRST)[reference]["delivered"] == 1
    await assert_books_balance(shop)


async def test_two_dispatchers_side_by_side_submit_each_recharge_once(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    bought = [await purchase(shop) for _ in range(12)]
    other = Dispatcher(shop, OperatorClient(shop.settings, timeout_seconds=5))
    await asyncio.gather(dispatcher.drain(), other.drain())
    await other.close()
    assert {(await each.recharge()).status for each in bought} == {"delivered"}
    assert all(seen["seen"] == 1 for seen in outside.deliveries(FIRST).values())
    assert len(deliveries(outside)) == 12


async def test_a_second_base_plan_waits_behind_the_first_whichever_way_each_was_delivered(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    user_id, number, plan = (
        await make_customer(shop, 2_000),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    await buy(shop, user_id, number, plan)
    await buy(shop, user_id, number, plan, confirm_duplicate=True)
    await dispatcher.drain()
    assert sorted(plan.status for plan in await list_plans(shop, number)) == ["active", "queued"]
    await assert_books_balance(shop)


async def test_the_same_plan_within_a_minute_is_a_duplicate_also_while_the_first_is_under_way(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    user_id, number, plan = (
        await make_customer(shop, 2_000),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    await buy(shop, user_id, number, plan)
    with pytest.raises(DuplicateRecharge):
        await buy(shop, user_id, number, plan)
    await dispatcher.drain()


async def test_a_wallet_that_does_not_cover_it_holds_nothing(shop: Stores, dispatcher: Dispatcher) -> None:
    user_id, number, plan = (
        await make_customer(shop, 100),
        await make_number(shop),
        (await find_plan(shop)).plan_id,
    )
    with pytest.raises(InsufficientBalance):
        await buy(shop, user_id, number, plan)
    held = await wallet.show(shop.database, user_id, shop.settings)
    assert (held.balance.paise, held.held.paise) == (10_000, 0)


# The claim


async def test_an_operator_at_its_limit_gets_nothing_more_until_a_call_ends(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    bought = await purchase(shop)
    busy = Counter({"JIO": loop.PER_OPERATOR})
    assert await dispatcher.claim(160, busy) == []
    [task] = await dispatcher.claim(160, Counter({"JIO": loop.PER_OPERATOR - 1, "VI": loop.PER_OPERATOR}))
    assert (task.recharge_id, dispatcher.party_of(task), dispatcher.id_of(task)) == (
        bought.id,
        "JIO",
        str(bought.id),
    )


async def test_a_claim_takes_no_more_than_there_is_room_for(shop: Stores, dispatcher: Dispatcher) -> None:
    for _ in range(3):
        await purchase(shop)
    assert len(await dispatcher.claim(2, Counter())) == 2
    assert len(await dispatcher.claim(2, Counter())) == 1
    assert await dispatcher.claim(2, Counter()) == []


async def test_a_lease_outlives_a_submission_a_question_and_a_second_submission(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    async def claimed() -> bool:
        return bought.id in {task.recharge_id for task in await dispatcher.claim(9, Counter())}

    bought = await purchase(shop)
    timeout_seconds = shop.settings.operator_timeout_seconds
    assert await claimed()
    with clock.later(seconds=3 * timeout_seconds):
        assert not await claimed()
    with clock.later(seconds=3 * timeout_seconds + 15):
        assert await claimed()


async def test_a_recharge_that_ended_after_it_was_claimed_is_not_sent(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    bought = await purchase(shop)
    [task] = await dispatcher.claim(9, Counter())
    await shop.database.run(lambda db: recharges.fail(db, bought.user_id, bought.id, reason="resolved"))
    await dispatcher.work(task)
    assert outside.deliveries(FIRST) == {}
    assert await bought.attempts() == []


# The choice of a channel


async def test_an_amount_that_the_first_channel_does_not_take_goes_over_the_second(
    shop: Stores, dispatcher: Dispatcher
) -> None:
    await run_sql(shop, "UPDATE operator_channels SET max_amount = 29899 WHERE code = :code", code=FIRST)
    try:
        bought = await purchase(shop)
        await dispatcher.drain()
    finally:
        await run_sql(
            shop, "UPDATE operator_channels SET max_amount = 10000000 WHERE code = :code", code=FIRST
        )
    assert [attempt.channel for attempt in await bought.attempts()] == [SECOND]


@pytest.mark.parametrize(("seconds", "channel"), [(0, SECOND), (3_600, FIRST)])
async def test_the_channels_are_read_again_after_so_many_seconds(
    shop: Stores,
    dispatcher: Dispatcher,
    outside: Outside,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    channel: str,
) -> None:
    monkeypatch.setattr(loop, "CHANNELS_SECONDS", seconds)
    first = await purchase(shop)
    await dispatcher.drain()
    await reach_over_api(shop, "JIO", (SECOND, f"{outside.base}/operators/{SECOND}"))
    second = await purchase(shop)
    await dispatcher.drain()
    assert [(await bought.recharge()).channel for bought in (first, second)] == [FIRST, channel]


async def test_a_channel_without_anybody_behind_it_lets_the_next_one_deliver(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    await reach_over_api(shop, "JIO", (FIRST, f"{NOBODY}/a"), (SECOND, f"{outside.base}/operators/{SECOND}"))
    await dispatcher._channels.refresh(shop.database)
    bought = await purchase(shop)
    await dispatcher.drain()
    assert [(attempt.channel, attempt.outcome) for attempt in await bought.attempts()] == [
        (FIRST, "not_sent"),
        (SECOND, "delivered"),
    ]
    assert await bought.balance() == 70_100


# Status questions


async def test_an_operator_that_never_saw_the_reference_gets_the_same_submission_again(
    shop: Stores, impatient: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "time_out_before", times=1)
    bought = await purchase(shop)
    await ask_again(impatient, rounds=2)
    [attempt] = await bought.attempts()
    assert outside.deliveries(FIRST)[attempt.reference]["delivered"] == 1
    assert (await bought.recharge()).status == "delivered"


async def test_a_second_submission_that_was_not_sent_proves_nothing_about_the_first(
    shop: Stores, impatient: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "time_out_before", times=1)
    bought = await purchase(shop)
    await impatient.drain()
    outside.script(FIRST, "submit", "too_many_requests")
    await ask_again(impatient, rounds=4)
    assert [attempt.channel for attempt in await bought.attempts()] == [FIRST]
    assert await bought.outcomes() == [None]
    assert (await bought.recharge()).status == "unknown"
    outside.control("DELETE", "/sandbox/scripts")
    with clock.later(days=1):
        await impatient.drain()
    assert await bought.outcomes() == ["delivered"]
    await assert_books_balance(shop)


async def test_a_question_that_was_not_sent_leaves_the_submission_unknown(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "pending")
    bought = await purchase(shop)
    await dispatcher.drain()
    await reach_over_api(shop, "JIO", (FIRST, f"{NOBODY}/a"))
    await dispatcher._channels.refresh(shop.database)
    with clock.later(hours=1):
        await dispatcher.drain()
    assert (await bought.recharge()).status == "unknown"
    assert await bought.outcomes() == [None]
    assert (await bought.fulfilment()).asked == 2


async def test_a_refusal_that_comes_out_by_asking_lets_the_next_channel_deliver(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "late_failure", times=1, seconds=60)
    bought = await purchase(shop)
    await dispatcher.drain()
    assert (await bought.recharge()).status == "processing"
    outside.control("PUT", "/sandbox/clock", {"advance_seconds": 100})
    await ask_again(dispatcher, rounds=3)
    assert await bought.outcomes() == ["refused", "delivered"]
    assert await bought.balance() == 70_100
    await assert_books_balance(shop)


# The worker


async def test_a_cancelled_submission_counts_as_unknown_for_its_channels_health(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    outside.script(FIRST, "submit", "time_out_after", times=1)
    bought = await purchase(shop)
    [task] = await dispatcher.claim(9, Counter())
    working = asyncio.create_task(dispatcher.work(task))
    async with asyncio.timeout(5):
        while not await bought.attempts():
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    outside.control("DELETE", "/sandbox/scripts")
    with clock.later(hours=1):
        await dispatcher.drain()
    assert await bought.outcomes() == ["delivered"]
    assert len(deliveries(outside)) == 1


async def test_a_worker_dispatches_until_it_is_cancelled(
    shop: Stores, dispatcher: Dispatcher, outside: Outside
) -> None:
    running = asyncio.create_task(loop.dispatch(shop))
    bought = await purchase(shop)
    async with asyncio.timeout(10):
        while (await bought.recharge()).status != "delivered":
            await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(deliveries(outside)) == 1
