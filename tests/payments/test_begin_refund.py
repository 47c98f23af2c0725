"""The SQL functions `begin_refund` and `end_refund`, called directly: each outcome, each edge, each race."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.payments.outcomes import CaptureOutcome, RefundEnd, RefundStart
from tests.make.payments import (
    PaymentRow,
    add_captured,
    add_payment,
    assert_books,
    events_of,
    make_payer,
    paise_of,
)
from tests.make.wallet import credit, debit, wallet_of


async def test_a_refund_holds_its_money_and_is_due_at_once(stores: Stores) -> None:
    payment = await add_captured(stores)
    assert await payment.begin_refund(20_000, key="k") is RefundStart.CREATED
    (refund,) = await payment.refunds()
    assert (refund.amount, refund.status, refund.from_account) == (20_000, "created", "user:held")
    assert (refund.idempotency_key, refund.requested_by, refund.attempts) == ("k", "tests", 0)
    assert refund.gateway_payment_id == (await payment.row()).gateway_payment_id
    assert refund.next_attempt_at is not None
    assert await wallet_of(stores, payment.user_id) == (50_000, 20_000)
    (event,) = await events_of(stores, payment.user_id, "RefundRequested")
    assert (event["refund_id"], event["amount_paise"]) == (str(refund.refund_id), 20_000)
    assert event["changes"] == {"refunds_paise": {"old": 0, "new": 20_000}}
    await assert_books(stores)


async def test_the_same_key_replays_or_is_refused_by_its_hash_even_after_the_end(stores: Stores) -> None:
    payment = await add_captured(stores)
    await payment.begin_refund(20_000, key="k", request_hash=b"one")
    assert await payment.begin_refund(20_000, key="k", request_hash=b"one") is RefundStart.REPLAYED
    assert await payment.begin_refund(20_000, key="k", request_hash=b"two") is RefundStart.KEY_REUSED
    await payment.end_refund((await payment.refunds())[0].refund_id)
    await payment.begin_refund(30_000)
    await payment.end_refund((await payment.refunds())[1].refund_id)
    assert (await payment.row()).status == "refunded"
    assert await payment.begin_refund(20_000, key="k", request_hash=b"one") is RefundStart.REPLAYED
    assert len(await payment.refunds()) == 2


async def test_a_key_belongs_to_the_customer_and_not_to_one_payment(stores: Stores) -> None:
    first = await add_captured(stores, 1_000)
    second = await add_captured(stores, 1_000, user_id=first.user_id)
    stranger = await add_captured(stores, 1_000)
    assert await first.begin_refund(1_000, key="k", request_hash=b"first") is RefundStart.CREATED
    assert await second.begin_refund(1_000, key="k", request_hash=b"second") is RefundStart.KEY_REUSED
    assert await stranger.begin_refund(1_000, key="k", request_hash=b"first") is RefundStart.CREATED


@pytest.mark.parametrize("state", ["created", "authorized", "failed"])
async def test_what_was_not_captured_can_not_be_refunded(stores: Stores, state: str) -> None:
    payment = await add_payment(stores)
    await credit(stores, payment.user_id, 50_000, "own money")
    if state != "created":
        await (payment.authorize() if state == "authorized" else payment.fail())
    assert await payment.begin_refund(1) is RefundStart.NOT_CAPTURED
    assert await payment.refunds() == []


async def test_a_payment_of_another_customer_is_not_found(stores: Stores) -> None:
    payment = await add_captured(stores)
    stranger = PaymentRow(stores, await make_payer(stores), payment.payment_id, payment.order_id)
    assert await stranger.begin_refund(1) is RefundStart.NOT_FOUND
    assert await stranger.end_refund(uuid4()) is RefundEnd.NOT_FOUND


@pytest.mark.parametrize(
    ("paise", "outcome"),
    [(50_001, "too_much"), (0, "too_much"), (-1, "too_much"), (1, "created"), (50_000, "created")],
)
async def test_a_refund_is_between_a_paisa_and_the_payment(stores: Stores, paise: int, outcome: str) -> None:
    payment = await add_captured(stores)
    await credit(stores, payment.user_id, 50_000, "own money")
    assert await payment.begin_refund(paise) == outcome


async def test_pending_refunds_count_and_failed_ones_do_not(stores: Stores) -> None:
    payment = await add_captured(stores)
    assert await payment.begin_refund(30_000) is RefundStart.CREATED
    assert await payment.begin_refund(20_001) is RefundStart.TOO_MUCH
    await payment.end_refund((await payment.refunds())[0].refund_id, paid=False)
    assert await payment.begin_refund(50_000) is RefundStart.CREATED


async def test_what_was_spent_can_not_be_refunded_to_the_paisa(stores: Stores) -> None:
    payment = await add_captured(stores)
    await debit(stores, payment.user_id, 1, "spent")
    assert await payment.begin_refund(50_000, key="k") is RefundStart.INSUFFICIENT_BALANCE
    # The refused attempt has not used its key.
    assert await payment.begin_refund(49_999, key="k") is RefundStart.CREATED
    await assert_books(stores)


async def test_racing_refunds_return_no_more_than_was_paid(stores: Stores) -> None:
    payment = await add_captured(stores)
    await credit(stores, payment.user_id, 500_000, "own money")
    outcomes = Counter(await asyncio.gather(*(payment.begin_refund(15_000) for _ in range(10))))
    assert outcomes == {RefundStart.CREATED: 3, RefundStart.TOO_MUCH: 7}


async def test_a_refund_and_debits_at_once_never_use_the_same_money(stores: Stores) -> None:
    payment = await add_captured(stores)
    results = await asyncio.gather(
        payment.begin_refund(50_000),
        *(debit(stores, payment.user_id, 10_000, f"d-{n}") for n in range(5)),
        return_exceptions=True,
    )
    posted, held = await wallet_of(stores, payment.user_id)
    spent = 10_000 * sum(not isinstance(result, Exception) for result in results[1:])
    assert (posted, held) == (50_000 - spent, 50_000 if results[0] == RefundStart.CREATED else 0)
    assert posted >= held


async def begun(payment: PaymentRow, paise: int) -> PaymentRow:
    assert await payment.begin_refund(paise) is RefundStart.CREATED
    return payment


@pytest.mark.parametrize(("paise", "status"), [(50_000, "refunded"), (49_999, "partially_refunded")])
async def test_a_paid_refund_leaves_the_books_and_moves_the_payment_on(
    stores: Stores, paise: int, status: str
) -> None:
    payment = await begun(await add_captured(stores), paise)
    (refund,) = await payment.refunds()
    assert await payment.end_refund(refund.refund_id, gateway_refund_id="rfnd_9") is RefundEnd.PROCESSED
    (ended,) = await payment.refunds()
    assert (ended.status, ended.gateway_refund_id, ended.next_attempt_at) == ("processed", "rfnd_9", None)
    assert ended.completed_at is not None
    row = await payment.row()
    assert (row.status, row.refunded_amount) == (status, paise)
    assert (await payment.transfers())[-1] == ("user:held", "gateway:razorpay", paise)
    assert await wallet_of(stores, payment.user_id) == (50_000 - paise, 0)
    assert (await payment.topics())[-1] == "RefundProcessed"
    await assert_books(stores)


async def test_a_failed_refund_gives_the_money_back_and_leaves_the_payment_as_it_was(stores: Stores) -> None:
    payment = await begun(await add_captured(stores), 20_000)
    (refund,) = await payment.refunds()
    outcome = await payment.end_refund(refund.refund_id, paid=False, gateway_refund_id=None)
    assert outcome is RefundEnd.FAILED
    (ended,) = await payment.refunds()
    assert (ended.status, ended.failure_reason) == ("failed", "refund_failed")
    assert (await payment.transfers())[-1] == ("user:held", "user:main", 20_000)
    assert ((await payment.row()).status, (await payment.row()).refunded_amount) == ("captured", 0)
    (event,) = await events_of(stores, payment.user_id, "RefundFailed")
    assert (event["reason"], event["in_wallet"]) == ("refund_failed", True)
    await assert_books(stores)


@pytest.mark.parametrize("first", [True, False])
async def test_an_ended_refund_stays_as_it_ended(stores: Stores, first: bool) -> None:
    payment = await begun(await add_captured(stores), 20_000)
    (refund,) = await payment.refunds()
    await payment.end_refund(refund.refund_id, paid=first)
    before = await wallet_of(stores, payment.user_id)
    for paid in (True, False):
        assert await payment.end_refund(refund.refund_id, paid=paid) is RefundEnd.ALREADY
    assert (await payment.refunds())[0].status == ("processed" if first else "failed")
    assert await wallet_of(stores, payment.user_id) == before


async def test_a_success_and_a_failure_at_once_do_one_of_both(stores: Stores) -> None:
    payment = await begun(await add_captured(stores), 20_000)
    (refund,) = await payment.refunds()
    outcomes = await asyncio.gather(
        *(payment.end_refund(refund.refund_id, paid=bool(n % 2)) for n in range(20))
    )
    assert Counter(outcomes)[RefundEnd.ALREADY] == 19
    assert await paise_of(stores, payment.user_id) in {30_000, 50_000}
    await assert_books(stores)


@pytest.mark.parametrize("paid", [True, False])
async def test_a_refund_out_of_suspense_never_touches_the_wallet(stores: Stores, paid: bool) -> None:
    payment = await add_captured(stores)
    assert await payment.capture(700, gateway_payment_id="pay_2") is CaptureOutcome.SECOND
    (refund,) = await payment.refunds()
    await payment.end_refund(refund.refund_id, paid=paid)
    assert await wallet_of(stores, payment.user_id) == (50_000, 0)
    row = await payment.row()
    # The second capture is not part of the payment's own amount.
    assert (row.status, row.refunded_amount) == ("captured", 0)
    assert (("suspense", "gateway:razorpay", 700) in await payment.transfers()) is paid
    if not paid:
        (event,) = await events_of(stores, payment.user_id, "RefundFailed")
        assert event["in_wallet"] is False
    await assert_books(stores)


async def test_a_topup_over_the_limit_is_refunded_in_full_out_of_suspense(stores: Stores) -> None:
    payment = await add_payment(stores)
    await credit(stores, payment.user_id, 1_000_000, "full")
    await payment.capture()
    (refund,) = await payment.refunds()
    assert await payment.end_refund(refund.refund_id) is RefundEnd.PROCESSED
    assert ((await payment.row()).status, (await payment.row()).refunded_amount) == ("refunded", 50_000)
    # Nothing is left that could be refunded once more.
    assert await payment.begin_refund(1) is RefundStart.NOT_CAPTURED
    await assert_books(stores)


async def test_a_refund_keeps_the_id_that_the_gateway_gave_first(stores: Stores) -> None:
    payment = await begun(await add_captured(stores), 1)
    (refund,) = await payment.refunds()
    await payment.end_refund(refund.refund_id, gateway_refund_id=None)
    assert (await payment.refunds())[0].gateway_refund_id is None
