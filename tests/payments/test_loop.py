"""The loops: whatever the gateway leaves unsaid, each payment and each refund comes to its end, once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from typing import NoReturn
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import EventRetries, PaymentChecks, RefundSender
from gencharge.payments.models import GatewayEvent, Refund
from gencharge.payments.razorpay import Razorpay
from gencharge.payments.service import OpenPayment
from gencharge.payments.topups_service import limits_json
from gencharge.wallet import service as wallet
from gencharge.wallet.models import Account, Code
from tests.outside import Outside
from tests.payments.conftest import (
    assert_clean,
    drain,
    get_payment,
    make_payer,
    open_topup,
    paise_of,
    pay,
    refunds_of,
    topics_of,
    transfers_of,
)

NO_ANSWER = frozenset({"time_out_before", "time_out_after", "drip"})
ANSWERS = (
    "time_out_before",
    "time_out_after",
    "drip",
    "server_error_before",
    "server_error_after",
    "slow",
    "lost_connection_before",
    "lost_connection_after_accept",
    "garbage",
    "huge_body",
    "too_many_requests",
    "redirect",
)


class Death(BaseException):
    """What no handler catches, as a kill."""


async def keep_on(context: PaymentContext, *, rounds: int = 6, minutes: float = 70) -> None:
    """Let the pauses between questions pass."""
    await drain(context)
    for round_ in range(1, rounds + 1):
        with clock.later(minutes=minutes * round_):
            await drain(context)


async def topped_up(
    context: PaymentContext, outside: Outside, user_id: UUID, paise: int = 50_000
) -> OpenPayment:
    opened = await open_topup(context, user_id, paise)
    pay(outside, opened.order_id)
    await payments.ask_gateway(context, user_id, opened.payment_id)
    return opened


async def refund(
    stores: Stores, user_id: UUID, payment_id: UUID, paise: int | None, *, key: str | None = None
) -> Refund:
    async def unit(db: AsyncSession) -> Refund:
        begun = await payments.refund_to_source(
            db,
            user_id,
            payment_id,
            amount=None if paise is None else Money(paise),
            key=key or str(uuid4()),
            request_hash=hashlib.sha256(str(paise).encode()).digest(),
            reason="asked for",
            requested_by="tests",
        )
        return begun.answer

    return await stores.database.run(unit)


async def add_event_due(db: AsyncSession, event_id: str) -> None:
    """A webhook of an order that nobody knows, to be tried again now."""
    db.add(
        GatewayEvent(
            event_id=event_id,
            gateway="razorpay",
            kind="payment.captured",
            order_id=f"order_{event_id}",
            body={},
            next_attempt_at=clock.now(),
        )
    )
    await db.flush()


def refunds_at(outside: Outside) -> list[tuple[str, int, str]]:
    rows = outside.control("GET", "/sandbox/state")["refunds"]
    return [(row["receipt"], row["amount"], row["status"]) for row in rows]


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
    await keep_on(context)
    found = await get_payment(stores, user_id, opened.payment_id)
    assert (found.status, found.next_check_at) == ("captured", None)
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
    await keep_on(context)
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
    found = await get_payment(stores, user_id, opened.payment_id)
    assert (found.status, found.failure_reason) == ("failed", "abandoned")
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
    await keep_on(context, rounds=26)
    found = await get_payment(stores, user_id, opened.payment_id)
    assert (found.status, found.failure_reason, found.next_check_at) == ("failed", "no_answer", None)
    await assert_clean(stores)


async def test_a_declined_payment_has_failed_and_a_second_try_brings_the_money(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    pay(outside, opened.order_id, "fail")
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "failed"
    pay(outside, opened.order_id)
    await keep_on(context, rounds=2)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    await assert_clean(stores)


def by_hand(context: PaymentContext) -> PaymentContext:
    """A context whose orders wait for a capture."""

    class ByHand(Razorpay):
        async def _ask(self, method, path, read, body=None, **more):  # type: ignore[no-untyped-def]
            if path == "/orders" and body:
                body = {**body, "payment": {"capture": "manual"}}
            return await super()._ask(method, path, read, body, **more)

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
    await keep_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    assert await transfers_of(stores, user_id) == [("gateway:razorpay", "user:main", 50_000)]
    await assert_clean(stores)


@pytest.mark.parametrize("script", [*ANSWERS, "late_success", "success_without_callback"])
async def test_a_refund_is_paid_out_once_whatever_the_gateway_does(
    script: str, context: PaymentContext, impatient: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    begun = await refund(stores, user_id, opened.payment_id, 20_000)
    assert await paise_of(stores, user_id) == 30_000
    await assert_clean(stores)

    outside.script("gateway", "refund", script, times=1)
    await drain(impatient if script in NO_ANSWER else context)
    if script == "late_success":
        assert (await refunds_of(stores, user_id))[0].status == "processing"
        outside.control("PUT", "/sandbox/clock", {"advance_seconds": 60})
        await asyncio.sleep(0.3)
    await keep_on(context)
    (ended,) = await refunds_of(stores, user_id)
    assert (ended.status, ended.next_attempt_at) == ("processed", None)
    assert refunds_at(outside) == [(str(begun.refund_id), 20_000, "processed")]
    assert await paise_of(stores, user_id) == 30_000
    found = await get_payment(stores, user_id, opened.payment_id)
    assert (found.status, found.refunded_amount) == ("partially_refunded", 20_000)
    assert ("user:held", "gateway:razorpay", 20_000) in await transfers_of(stores, user_id)
    await assert_clean(stores)


@pytest.mark.parametrize("script", ["decline", "late_failure"])
async def test_a_refund_that_fails_gives_the_money_back_to_the_wallet(
    script: str, context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await refund(stores, user_id, opened.payment_id, None)
    assert await paise_of(stores, user_id) == 0
    outside.script("gateway", "refund", script, times=1)
    await drain(context)
    outside.control("PUT", "/sandbox/clock", {"advance_seconds": 60})
    await asyncio.sleep(0.3)
    await keep_on(context)
    (ended,) = await refunds_of(stores, user_id)
    assert ended.status == "failed"
    assert await paise_of(stores, user_id) == 50_000
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "captured"
    assert (await topics_of(stores, user_id))[-1] == "RefundFailed"
    await assert_clean(stores)
    # It can be asked for once more.
    await refund(stores, user_id, opened.payment_id, None)
    await keep_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "refunded"
    await assert_clean(stores)


async def test_one_refusal_after_an_unknown_end_is_no_proof(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await refund(stores, user_id, opened.payment_id, None)
    outside.script("gateway", "refund", "lost_connection_before", times=1)
    await drain(context)
    outside.script("gateway", "refund", "decline", times=1)
    with clock.later(hours=1):
        await drain(context)
    (waiting,) = await refunds_of(stores, user_id)
    assert (waiting.status, waiting.failure_reason) == ("created", "refused_once")
    with clock.later(hours=3):
        await drain(context)
    assert (await refunds_of(stores, user_id))[0].status == "processed"
    assert len(refunds_at(outside)) == 1


async def test_a_worker_that_dies_after_the_call_refunds_no_second_time(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    await refund(stores, user_id, opened.payment_id, 20_000)
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
    await keep_on(context)
    assert (await refunds_of(stores, user_id))[0].status == "processed"
    assert len(refunds_at(outside)) == 1
    await assert_clean(stores)


async def test_two_workers_side_by_side_move_everything_once(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    people = [await make_payer(stores) for _ in range(6)]
    orders = [await open_topup(context, user_id) for user_id in people]
    for opened in orders:
        pay(outside, opened.order_id)
    with clock.later(minutes=1):
        await asyncio.gather(*(drain(context) for _ in range(4)))
    for user_id, opened in zip(people, orders, strict=True):
        assert await paise_of(stores, user_id) == 50_000
        await refund(stores, user_id, opened.payment_id, None)
    with clock.later(minutes=1):
        await asyncio.gather(*(drain(context) for _ in range(4)))
    assert len(refunds_at(outside)) == 6
    for user_id in people:
        assert [each.status for each in await refunds_of(stores, user_id)] == ["processed"]
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
    kept = 1_100_000 - back.amount
    assert await paise_of(stores, user_id) == kept
    assert (back.reason, back.from_account) == ("wallet_limit", "suspense")
    await assert_clean(stores)
    await keep_on(context)
    assert [each.status for each in await refunds_of(stores, user_id)] == ["processed"]
    assert (await get_payment(stores, user_id, back.payment_id)).status == "refunded"
    assert refunds_at(outside) == [(str(back.refund_id), back.amount, "processed")]
    assert await paise_of(stores, user_id) == kept
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
    await keep_on(context)
    assert (await get_payment(stores, user_id, opened.payment_id)).status == outcome
    assert await paise_of(stores, user_id) == 600_000 + (paise if outcome == "captured" else 0)
    await assert_clean(stores)


async def test_a_gateway_that_does_not_answer_delays_neither_webhooks_nor_refunds(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await topped_up(context, outside, user_id)
    begun = await refund(stores, user_id, opened.payment_id, 20_000)
    for _ in range(17):  # more than the checks have places for
        await open_topup(context, await make_payer(stores))
    event_id = f"evt_{uuid4().hex[:14]}"
    await stores.database.run(lambda db: add_event_due(db, event_id))

    class Silent(Razorpay):
        async def fetch_order_payments(self, order_id: str) -> NoReturn:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

    silent = PaymentContext(context.settings, context.database, Silent(context.settings))
    checks = PaymentChecks(silent)
    with clock.later(minutes=1):
        claimed = asyncio.create_task(checks.run())
        others = (RefundSender(context), EventRetries(context.database, limits_json(context.settings)))
        async with asyncio.timeout(20):
            await asyncio.gather(*(loop.drain() for loop in others))
    claimed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claimed
    ended = await stores.database.run(lambda db: db.get_one(Refund, (user_id, begun.refund_id)))
    event = await stores.database.run(lambda db: db.get_one(GatewayEvent, event_id))
    assert ended.status == "processed"
    assert event.attempts == 1
