"""Refunds: whatever the gateway leaves unanswered, each one ends once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import RefundSender
from gencharge.payments.razorpay import Razorpay
from tests.make.outside import Outside
from tests.make.payments import (
    ANSWERS,
    NO_ANSWER,
    assert_clean,
    begin_refund,
    drain,
    get_payment,
    make_payer,
    paise_of,
    refunds_at,
    refunds_of,
    run_on,
    topics_of,
    topped_up,
    transfers_of,
)


class Death(BaseException):
    """What no handler catches, as a kill."""


@pytest.mark.parametrize("script", [*ANSWERS, "late_success", "success_without_callback"])
async def test_a_refund_is_paid_out_once_whatever_the_gateway_does(
    script: str, context: PaymentContext, impatient: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    begun = await begin_refund(stores, user_id, opened.payment_id, 20_000)
    assert await paise_of(stores, user_id) == 30_000
    await assert_clean(stores)

    outside.script("gateway", "refund", script, times=1)
    await drain(impatient if script in NO_ANSWER else context)
    if script == "late_success":
        assert (await refunds_of(stores, user_id))[0].status == "processing"
        outside.control("PUT", "/sandbox/clock", {"advance_seconds": 60})
        await asyncio.sleep(0.3)
    await run_on(context)
    (ended,) = await refunds_of(stores, user_id)
    assert (ended.status, ended.next_attempt_at) == ("processed", None)
    assert refunds_at(outside) == [(str(begun.refund_id), 20_000, "processed")]
    assert await paise_of(stores, user_id) == 30_000
    payment = await get_payment(stores, user_id, opened.payment_id)
    assert (payment.status, payment.refunded_amount) == ("partially_refunded", 20_000)
    assert ("user:held", "gateway:razorpay", 20_000) in await transfers_of(stores, user_id)
    await assert_clean(stores)


@pytest.mark.parametrize("script", ["decline", "late_failure"])
async def test_a_refund_that_fails_gives_the_money_back_to_the_wallet(
    script: str, context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await begin_refund(stores, user_id, opened.payment_id, None)
    assert await paise_of(stores, user_id) == 0
    outside.script("gateway", "refund", script, times=1)
    await drain(context)
    outside.control("PUT", "/sandbox/clock", {"advance_seconds": 60})
    await asyncio.sleep(0.3)
    await run_on(context)
    (ended,) = await refunds_of(stores, user_id)
    assert ended.status == "failed"
    assert await paise_of(stores, user_id) == 50_000
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    assert (await topics_of(stores, user_id))[-1] == "RefundFailed"
    await assert_clean(stores)
    # It can be asked for once more.
    await begin_refund(stores, user_id, opened.payment_id, None)
    await run_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "refunded"
    await assert_clean(stores)


async def test_one_refusal_after_an_unknown_end_is_no_proof(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await begin_refund(stores, user_id, opened.payment_id, None)
    outside.script("gateway", "refund", "lost_connection_before", times=1)
    await drain(context)
    outside.script("gateway", "refund", "decline", times=1)
    with clock.later(hours=1):
        await drain(context)
    (waiting,) = await refunds_of(stores, user_id)
    assert (waiting.status, waiting.failure_reason) == ("created", "refused_once:2")
    with clock.later(hours=3):
        await drain(context)
    assert (await refunds_of(stores, user_id))[0].status == "processed"
    assert len(refunds_at(outside)) == 1


async def test_refusals_with_an_unknown_end_between_them_are_no_proof(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await begin_refund(stores, user_id, opened.payment_id, None)
    hours = 0
    for script in ("lost_connection_before", "decline", "lost_connection_before", "decline"):
        outside.script("gateway", "refund", script, times=1)
        with clock.later(hours=hours):
            await drain(context)
        hours += 6
    (waiting,) = await refunds_of(stores, user_id)
    assert (waiting.status, waiting.failure_reason) == ("created", "refused_once:4")
    outside.script("gateway", "refund", "decline", times=1)
    with clock.later(hours=hours):
        await drain(context)
    assert (await refunds_of(stores, user_id))[0].status == "failed"
    await assert_clean(stores)


async def test_a_worker_that_dies_after_the_call_refunds_no_second_time(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await begin_refund(stores, user_id, opened.payment_id, 20_000)
    dying = PaymentContext(context.settings, context.database, Razorpay(context.settings))
    send = dying.gateway.refund

    async def send_and_die(gateway_payment_id: str, *, receipt: str, amount: int) -> None:
        await send(gateway_payment_id, receipt=receipt, amount=amount)
        raise Death

    dying.gateway.refund = send_and_die  # type: ignore[method-assign, assignment]
    sender = RefundSender(dying)
    (claimed,) = [each for each in await sender.claim(16, Counter()) if each.user_id == user_id]
    with pytest.raises(Death):
        await sender.work(claimed)
    await dying.gateway.close()
    assert (await refunds_of(stores, user_id))[0].status == "created"
    await run_on(context)
    assert (await refunds_of(stores, user_id))[0].status == "processed"
    assert len(refunds_at(outside)) == 1
    await assert_clean(stores)
