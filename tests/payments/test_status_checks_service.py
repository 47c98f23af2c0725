"""Status checks: whatever the gateway leaves unanswered, each payment gets its final state, once."""

from __future__ import annotations

import asyncio
import re

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.razorpay import Razorpay
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.make.outside import Outside
from tests.make.payments import (
    ANSWERS,
    NO_ANSWER,
    assert_clean,
    drain,
    get_payment,
    make_payer,
    open_topup,
    paise_of,
    pay,
    refunds_at,
    refunds_of,
    run_on,
    topics_of,
    transfers_of,
)


@pytest.mark.parametrize(
    "script", ["succeed", "success_without_callback", "late_success", "duplicate_webhook"]
)
async def test_a_payment_without_a_webhook_is_found_by_asking(
    script: str, context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    if script == "success_without_callback":
        outside.script("gateway", "payment", script, times=1)
        pay(outside, opened.order_id)
    else:
        pay(outside, opened.order_id, script, seconds=3600)
    outside.control("PUT", "/sandbox/clock", {"advance_seconds": 4000})
    await asyncio.sleep(0.3)  # the sandbox's own loop does what is due
    await run_on(context)
    payment = await get_payment(stores, user_id, opened.payment_id)
    assert (payment.status, payment.next_check_at) == ("captured", None)
    # The sandbox's customers pay by UPI, whose reference (RRN) is twelve digits.
    assert re.fullmatch(r"\d{12}", payment.bank_reference or "")
    assert await paise_of(stores, user_id) == 50_000
    await assert_clean(stores)


@pytest.mark.parametrize("script", ANSWERS)
async def test_a_question_that_goes_wrong_is_asked_again(
    script: str, context: PaymentContext, impatient: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    pay(outside, opened.order_id)
    outside.script("gateway", "fetch", script, times=1)
    with clock.later(seconds=15):
        await drain(impatient if script in NO_ANSWER else context)
    await run_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    assert await paise_of(stores, user_id) == 50_000
    await assert_clean(stores)


async def test_a_payment_that_nobody_tries_to_make_is_abandoned_after_half_an_hour_and_still_counts_later(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    with clock.later(minutes=29):
        await drain(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "created"
    with clock.later(minutes=45):
        await drain(context)
    payment = await get_payment(stores, user_id, opened.payment_id)
    assert (payment.status, payment.failure_reason) == ("failed", "abandoned")
    pay(outside, opened.order_id)
    with clock.later(hours=2):
        await drain(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    assert await paise_of(stores, user_id) == 50_000
    assert await topics_of(stores, user_id) == ["PaymentCreated", "PaymentFailed", "PaymentCaptured"]


async def test_after_a_day_nobody_is_asked_any_more(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    pay(outside, opened.order_id, "time_out")  # pending for ever
    await run_on(context, rounds=26)
    payment = await get_payment(stores, user_id, opened.payment_id)
    assert (payment.status, payment.failure_reason, payment.next_check_at) == ("failed", "no_answer", None)
    await assert_clean(stores)


async def test_a_declined_payment_has_failed_and_a_second_try_brings_the_money(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    pay(outside, opened.order_id, "fail")
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "failed"
    pay(outside, opened.order_id)
    await run_on(context, rounds=2)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    await assert_clean(stores)


def by_hand(context: PaymentContext) -> PaymentContext:
    """A context whose orders wait for a capture."""

    class ByHand(Razorpay):
        async def ask(self, method, path, read, body=None, **more):  # type: ignore[no-untyped-def]
            if path == "/orders" and body:
                body = {**body, "payment": {"capture": "manual"}}
            return await super().ask(method, path, read, body, **more)

    return PaymentContext(context.settings, context.database, ByHand(context.settings))


@pytest.mark.parametrize("script", [*ANSWERS, "decline", "success_without_callback"])
async def test_what_is_authorized_is_captured_once_whatever_the_gateway_does(
    script: str, context: PaymentContext, impatient: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    manual = by_hand(context)
    opened = await open_topup(manual, user_id)
    await manual.gateway.close()
    assert pay(outside, opened.order_id)["status"] == "authorized"
    outside.script("gateway", "capture", script, times=1)
    with clock.later(seconds=15):
        await drain(impatient if script in NO_ANSWER else context)
    await run_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    assert await transfers_of(stores, user_id) == [("gateway:razorpay", "user:main", 50_000)]
    await assert_clean(stores)


async def test_a_top_up_over_the_limit_goes_back_to_its_source_and_never_into_the_wallet(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    first, second = await open_topup(context, user_id, 600_000), await open_topup(context, user_id, 500_000)
    for opened in (first, second):
        pay(outside, opened.order_id)
    await asyncio.gather(
        *(payments.ask_gateway(context, user_id, each.payment_id) for each in (first, second))
    )
    (back,) = await refunds_of(stores, user_id)
    remaining = 1_100_000 - back.amount
    assert await paise_of(stores, user_id) == remaining
    assert (back.reason, back.from_account) == ("wallet_limit", "suspense")
    await assert_clean(stores)
    await run_on(context)
    assert [each.status for each in await refunds_of(stores, user_id)] == ["processed"]
    assert (await get_payment(stores, user_id, back.payment_id)).status == "refunded"
    assert refunds_at(outside) == [(str(back.refund_id), back.amount, "processed")]
    assert await paise_of(stores, user_id) == remaining
    await assert_clean(stores)


@pytest.mark.parametrize(("paise", "outcome"), [(400_000, "captured"), (400_001, "refunded")])
async def test_the_limit_counts_to_the_paisa_when_the_money_comes(
    paise: int, outcome: str, context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id, paise)  # laid before anybody looks at the limit
    await stores.database.run(
        lambda db: wallet.credit(
            db, user_id, Money(600_000), source_account=Account.OPENING, code=Code.OPENING, key="opening"
        )
    )
    pay(outside, opened.order_id)
    await run_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == outcome
    assert await paise_of(stores, user_id) == 600_000 + (paise if outcome == "captured" else 0)
    await assert_clean(stores)
