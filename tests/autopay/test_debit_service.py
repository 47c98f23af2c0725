"""Autopays that a mandate pays: after the wallet, after the notice, outside the peak hours, once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from gencharge import wiring
from gencharge.autopay import run_service as runs
from gencharge.autopay import service as autopays
from gencharge.autopay.due import key_of
from gencharge.autopay.errors import AutopayAmountInvalid
from gencharge.autopay.loop import AutopayRunner
from gencharge.autopay.models import RunOutcome
from gencharge.autopay.schemas import AutopayOut, AutopayUpdate
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.mandates.errors import MandateAmountExceeded
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import PaymentChecks
from gencharge.payments.models import PaymentPurpose
from gencharge.recharge import service as recharges
from tests.make.autopay import attempts_of, make_autopay, make_owner, recharges_of, row_of, run_due
from tests.make.mandates import make_mandate
from tests.make.money import balance, find_talktime
from tests.make.outside import Outside
from tests.make.payments import assert_clean, open_topup
from tests.make.recharge import run_sql
from tests.make.users import events_of

# Two days ahead at 06:00 in India, when mandates may be charged.
DUE = (clock.start_of_day((clock.now() + timedelta(days=2)).astimezone(clock.IST).date())) + timedelta(
    hours=6
)
SECOND = timedelta(seconds=1)


async def subscribed(
    shop: Stores, context: PaymentContext, outside: Outside, *, rupees: int = 0, **fields: Any
) -> tuple[UUID, AutopayOut, UUID]:
    """A customer with a mandate for Rs 500 and so much in the wallet, and an autopay of Rs 299 on it that was announced."""
    user_id = await make_owner(shop, rupees)
    mandate = await make_mandate(context, outside, user_id)
    values = {"next_due_at": DUE, "payment_method": "mandate", "mandate_id": mandate.mandate_id}
    autopay = await make_autopay(shop, user_id, **(values | fields))
    with clock.at(DUE - timedelta(hours=24) + SECOND):
        await run_due(shop, context)
    return user_id, autopay, mandate.mandate_id


async def work(shop: Stores, context: PaymentContext, at: datetime, *, rounds: int = 3) -> None:
    """What the workers do at this instant and in the minutes after it."""
    for number in range(rounds):
        with clock.at(at + timedelta(seconds=31 * number)):
            await run_due(shop, context)
            await PaymentChecks(context).drain()
            await Relay(shop, wiring.LISTENERS).drain()


def charged(outside: Outside) -> list[tuple[int, str]]:
    """What the gateway was asked to charge by tokens: paise and state."""
    rows = outside.control("GET", "/sandbox/state")["payments"]
    return [(row["amount"], row["status"]) for row in rows if row["amount"] != 100]


async def test_the_wallet_comes_first(shop: Stores, context: PaymentContext, outside: Outside) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside, rupees=298)
    await work(shop, context, DUE)
    assert (await balance(shop, user_id)).paise == 0, "the rupee of the mandate was enough"
    assert charged(outside) == []
    assert await attempts_of(shop, autopay) == [("succeeded", None)]


async def test_what_the_wallet_does_not_cover_is_charged_wholly_to_the_mandate(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, mandate_id = await subscribed(shop, context, outside, rupees=297)
    await work(shop, context, DUE)
    assert charged(outside) == [(29_900, "captured")]
    assert (await balance(shop, user_id)).paise == 29_800
    [recharge] = await recharges_of(shop, user_id)
    assert (recharge.status, recharge.gateway_amount, recharge.payment_method) == ("delivered", 29_900, "upi")
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    row = await row_of(shop, autopay)
    assert (row.next_due, row.mandate_id) == (DUE + timedelta(days=28), mandate_id)
    await assert_clean(shop)


async def test_an_amount_of_the_owners_choice_is_charged_to_the_mandate_whole(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    plan_id = (await find_talktime(shop)).plan_id
    user_id, autopay, _ = await subscribed(shop, context, outside, plan_id=plan_id, amount=120)
    # More than one charge of the mandate may be is refused, and so is more than the owner allows.
    for amount, refusal in ((600, MandateAmountExceeded), (130, AutopayAmountInvalid)):
        limit = 1_000 if amount == 600 else 120
        command = AutopayUpdate.model_validate({"amount": amount, "max_amount": limit})
        with pytest.raises(refusal):
            await shop.database.run(
                lambda db, command=command: autopays.update(db, user_id, autopay.autopay_id, command)  # type: ignore[misc]
            )
    await work(shop, context, DUE)
    assert charged(outside) == [(120_00, "captured")]
    [recharge] = await recharges_of(shop, user_id)
    assert (recharge.status, recharge.gateway_amount, recharge.talktime) == ("delivered", 120_00, 98_69)
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    await assert_clean(shop)


async def test_the_notice_says_how_it_is_paid(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, _, _ = await subscribed(shop, context, outside)
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    assert (notice["payment_method"], notice["price_paise"]) == ("mandate", 29_900)


@pytest.mark.parametrize(
    ("hour", "minute", "end"), [(10, 0, (13, 0)), (12, 59, (13, 0)), (17, 0, (21, 30)), (21, 29, (21, 30))]
)
async def test_in_the_peak_hours_it_waits_without_a_try(
    shop: Stores,
    context: PaymentContext,
    outside: Outside,
    hour: int,
    minute: int,
    end: tuple[int, int],
) -> None:
    midnight = DUE - timedelta(hours=6)
    at = midnight + timedelta(hours=hour, minutes=minute)
    user_id, autopay, _ = await subscribed(shop, context, outside, next_due_at=at)
    with clock.at(at - timedelta(hours=24)):
        await run_due(shop, context)
    await work(shop, context, at + SECOND, rounds=1)
    row = await row_of(shop, autopay)
    assert row.wake_at == midnight + timedelta(hours=end[0], minutes=end[1])
    assert (charged(outside), await attempts_of(shop, autopay), row.tries) == ([], [], 0)
    await work(shop, context, row.wake_at + SECOND)
    assert charged(outside) == [(29_900, "captured")]
    assert len(await recharges_of(shop, user_id)) == 1


async def test_the_wallet_is_charged_in_the_peak_hours_too(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    noon = DUE + timedelta(hours=6)
    user_id, _, _ = await subscribed(shop, context, outside, rupees=299, next_due_at=noon)
    await work(shop, context, noon + SECOND, rounds=1)
    assert len(await recharges_of(shop, user_id)) == 1


async def test_without_a_notice_a_day_before_it_is_announced_first(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id = await make_owner(shop, 0)
    mandate = await make_mandate(context, outside, user_id)
    autopay = await make_autopay(
        shop, user_id, next_due_at=DUE, payment_method="mandate", mandate_id=mandate.mandate_id
    )
    late = DUE + timedelta(days=2)  # no worker ran
    for minute in (0, 1):
        with clock.at(late + timedelta(minutes=minute)):
            await run_due(shop, context)
    assert charged(outside) == []
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    row = await row_of(shop, autopay)
    assert row.wake_at == late + timedelta(hours=24)
    assert datetime.fromisoformat(notice["due_at"]) == row.wake_at
    await work(shop, context, late + timedelta(hours=24, seconds=1))
    assert charged(outside) == [(29_900, "captured")]
    assert await attempts_of(shop, autopay) == [("succeeded", None)]


async def test_a_dearer_plan_is_announced_again(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside, max_amount=450)
    await run_sql(shop, "UPDATE plans SET price_paise = 34900 WHERE plan_id = :id", id=autopay.plan_id)
    try:
        with clock.at(DUE + SECOND):
            await run_due(shop, context)
        assert charged(outside) == []
        notices = await events_of(shop, user_id, "AutopayAnnounced")
        assert notices[-1]["price_paise"] == 34_900
        await work(shop, context, DUE + timedelta(hours=24, seconds=1))
        assert charged(outside) == [(34_900, "captured")]
    finally:
        await run_sql(shop, "UPDATE plans SET price_paise = 29900 WHERE plan_id = :id", id=autopay.plan_id)


async def test_a_declined_debit_is_tried_four_times_outside_the_peak_hours(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    outside.script("gateway", "recurring", "decline")
    at, hours = DUE + SECOND, []
    for _ in range(4):
        await work(shop, context, at)
        row = await row_of(shop, autopay)
        assert row.wake_at is not None
        at = row.wake_at + SECOND
        hours.append(row.wake_at.astimezone(clock.IST).strftime("%H:%M"))
    assert charged(outside) == [(29_900, "failed")] * 4
    assert await attempts_of(shop, autopay) == [("failed", "payment_failed")] * 3 + [
        ("abandoned", "payment_failed")
    ]
    assert all(not ("10:00" <= hour < "13:00" or "17:00" <= hour < "21:30") for hour in hours[:3])
    assert (await row_of(shop, autopay)).next_due == DUE + timedelta(days=28)
    assert {recharge.status for recharge in await recharges_of(shop, user_id)} == {"failed"}
    await assert_clean(shop)


async def test_a_debit_without_an_answer_is_asked_about_and_not_repeated(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    outside.script("gateway", "recurring", "server_error_after", times=1)
    await work(shop, context, DUE, rounds=1)
    assert await attempts_of(shop, autopay) == []
    await work(shop, context, DUE + timedelta(minutes=2))
    assert charged(outside) == [(29_900, "captured")]
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    assert [recharge.status for recharge in await recharges_of(shop, user_id)] == ["delivered"]


async def test_a_debit_that_never_arrived_is_tried_again_once_that_is_known(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    outside.script("gateway", "recurring", "server_error_before", times=1)
    await work(shop, context, DUE)
    assert await attempts_of(shop, autopay) == [], "nothing is known yet"
    await work(shop, context, DUE + timedelta(minutes=31))
    assert await attempts_of(shop, autopay) == [("failed", "payment_failed")]
    await work(shop, context, DUE + timedelta(hours=7, minutes=35))
    assert charged(outside) == [(29_900, "captured")]
    assert [each for each, _ in await attempts_of(shop, autopay)] == ["failed", "succeeded"]
    states = [recharge.status for recharge in await recharges_of(shop, user_id)]
    assert states == ["failed", "delivered"]


async def test_eight_workers_with_one_lease_debit_once(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    with clock.at(DUE + SECOND):
        claimed = await shop.database.run(lambda db: runs.claim(db, limit=1_000))
        [task] = [each for each in claimed if each.row.autopay_id == autopay.autopay_id]
        results = await asyncio.gather(*(runs.process(context, task) for _ in range(8)))
    assert sum(result.outcome is RunOutcome.PENDING for result in results) == 1
    await work(shop, context, DUE + timedelta(minutes=2))
    assert charged(outside) == [(29_900, "captured")]
    assert len(await recharges_of(shop, user_id)) == 1


async def test_a_worker_that_died_with_the_order_leaves_the_next_one_the_same_sale(
    shop: Stores, context: PaymentContext, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    sell = recharges.pay_through_gateway

    async def die(*arguments: Any, **options: Any) -> Any:
        await sell(*arguments, **options)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch, clock.at(DUE + SECOND):
        patch.setattr(recharges, "pay_through_gateway", die)
        await AutopayRunner(context).drain()
    await work(shop, context, DUE + timedelta(minutes=2))
    assert charged(outside) == [(29_900, "captured")]
    assert await attempts_of(shop, autopay) == [("succeeded", None)]
    assert len(await recharges_of(shop, user_id)) == 1


async def test_an_order_at_an_earlier_price_is_left_and_another_one_made(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    await open_topup(
        context,
        user_id,
        28_900,
        purpose=PaymentPurpose.RECHARGE,
        key=key_of(autopay.autopay_id, DUE, 0),
        amount=Money(28_900),
    )
    await work(shop, context, DUE + SECOND)
    assert charged(outside) == [(29_900, "captured")]
    assert await attempts_of(shop, autopay) == [("succeeded", None)]


async def test_a_mandate_that_ended_before_the_charge_pauses_and_nothing_is_paid(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, mandate_id = await subscribed(shop, context, outside)
    await run_sql(
        shop,
        "UPDATE mandates SET status = 'ended', end_reason = 'bank' WHERE mandate_id = :id",
        id=mandate_id,
    )
    await work(shop, context, DUE)
    row = await row_of(shop, autopay)
    assert (row.status, row.pause_reason) == ("paused", "mandate_ended")
    assert charged(outside) == []
    assert await recharges_of(shop, user_id) == []


async def test_a_mandate_for_less_than_the_price_pauses(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    _, autopay, mandate_id = await subscribed(shop, context, outside)
    await run_sql(shop, "UPDATE mandates SET max_amount = 29899 WHERE mandate_id = :id", id=mandate_id)
    await work(shop, context, DUE)
    assert (await row_of(shop, autopay)).pause_reason == "mandate_limit"
    assert charged(outside) == []


async def test_a_sale_whose_payment_failed_before_it_was_written_fails_and_is_tried_again(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    outside.script("gateway", "recurring", "time_out_before", times=1)
    with clock.at(DUE + SECOND):
        await run_due(shop, context)
    # As after an outage of half an hour between order and sale: the payment's end was announced to nobody.
    await run_sql(
        shop, "UPDATE payments SET status = 'failed' WHERE user_id = :id AND amount = 29900", id=user_id
    )
    with clock.at(DUE + timedelta(minutes=1)):
        await run_due(shop, context)
    assert await attempts_of(shop, autopay) == [("failed", "payment_failed")]
    assert [recharge.status for recharge in await recharges_of(shop, user_id)] == ["failed"]


async def test_skipping_the_announced_one_debits_nothing(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    user_id, autopay, _ = await subscribed(shop, context, outside)
    await shop.database.run(lambda db: autopays.skip(db, user_id, autopay.autopay_id))
    await work(shop, context, DUE)
    assert charged(outside) == []
    assert await attempts_of(shop, autopay) == [("skipped", None)]
