"""Late runs: once each, with a summary, whatever the workers or the clock did."""

from __future__ import annotations

from datetime import timedelta

from gencharge.autopay import staff_service as staff
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.money import Money
from gencharge.payments.context import PaymentContext
from tests.make.autopay import attempts_of, make_autopay, make_owner, recharges_of, row_of, run_due
from tests.make.money import fund
from tests.make.offers import market_of
from tests.make.recharge import assert_books_balance
from tests.make.users import events_of

_HOUR = 3_600


async def test_a_worker_that_was_down_for_two_days_says_once_what_was_late(shop: Stores) -> None:
    with clock.later(days=1, hours=20):
        await run_due(shop)  # what other tests left behind
    before = len(await events_of(shop, SYSTEM_USER_ID, "AutopaysLate"))
    rich, poor = await make_owner(shop), await make_owner(shop, 0)
    for user_id in (rich, poor):
        await make_autopay(shop, user_id, due_in=timedelta(days=2))
    with clock.later(days=4):
        await run_due(shop)
        await run_due(shop)
    [summary] = (await events_of(shop, SYSTEM_USER_ID, "AutopaysLate"))[before:]
    assert (summary["count"], summary["amount_paise"]) == (2, 29_900)
    assert summary["outcomes"] == {"succeeded": 1, "retrying": 1}
    assert 2 * 24 * _HOUR <= summary["longest_seconds"] < 3 * 24 * _HOUR
    assert len(await recharges_of(shop, rich)) == 1
    assert await events_of(shop, rich, "AutopayAnnounced") == []
    with clock.later(days=4, hours=2, minutes=1):
        await run_due(shop)
    assert len(await events_of(shop, SYSTEM_USER_ID, "AutopaysLate")) == before + 1, (
        "a retry in time is not late"
    )


async def test_running_by_hand_says_what_was_late(shop: Stores) -> None:
    with clock.later(days=2, hours=5):
        await run_due(shop)
    await make_autopay(shop, await make_owner(shop))
    with clock.later(days=2, hours=6):
        answer = await staff.process_due(PaymentContext.at(shop), await market_of(shop), limit=200)
        again = await staff.process_due(PaymentContext.at(shop), await market_of(shop), limit=200)
    assert (answer.late.count, answer.late.total) == (1, Money(29_900))
    assert 6 * _HOUR <= answer.late.longest_seconds < 7 * _HOUR
    assert again.late.count == 0


async def test_a_clock_that_jumps_ahead_and_back_neither_charges_nor_announces_twice(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id, every={"n": 3, "unit": "day"})
    with clock.later(days=1, minutes=1):
        await run_due(shop)
    for days in (0, 1.1, 2.1, 1.1, 0, 1.5, 2.2, 0, 2.3):
        with clock.later(days=days):
            await run_due(shop)
    assert len(await recharges_of(shop, user_id)) == 1
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    assert autopay.next_due_at is not None
    assert (await row_of(shop, autopay)).next_due == autopay.next_due_at + timedelta(days=3)
    announced = await events_of(shop, user_id, "AutopayAnnounced")
    assert [event["due_at"] for event in announced] == [autopay.next_due_at.isoformat()]
    await assert_books_balance(shop)


async def test_a_clock_that_jumps_back_while_it_is_retried_loses_no_try_and_makes_none_twice(
    shop: Stores,
) -> None:
    user_id = await make_owner(shop, 0)
    autopay = await make_autopay(shop, user_id)
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    with clock.later(days=1):
        await run_due(shop)
    assert await attempts_of(shop, autopay) == [("failed", "insufficient_balance")]
    await fund(shop, user_id, 500)
    with clock.later(days=2, hours=2, minutes=1):
        await run_due(shop)
        await run_due(shop)
    assert [outcome for outcome, _ in await attempts_of(shop, autopay)] == ["failed", "succeeded"]
    assert len(await recharges_of(shop, user_id)) == 1
