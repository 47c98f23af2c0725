"""The SQL function `capture_payment`, called directly: each outcome, each edge, each race."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.models import PaymentPurpose, PaymentStatus
from gencharge.payments.outcomes import CaptureOutcome
from tests.make.payments import (
    PaymentRow,
    add_captured,
    add_payment,
    assert_books,
    events_of,
    make_payer,
    paise_of,
)
from tests.make.wallet import credit, transfer_of, wallet_of


async def test_a_topup_is_in_the_wallet_and_nothing_is_left_to_check(stores: Stores) -> None:
    payment = await add_payment(stores)
    assert await payment.capture(gateway_payment_id="pay_1") is CaptureOutcome.CAPTURED
    row = await payment.row()
    assert (row.status, row.gateway_payment_id, row.failure_reason) == ("captured", "pay_1", None)
    assert (row.next_check_at, row.leased_until) == (None, None)
    assert row.captured_at is not None
    assert await payment.transfers() == [("gateway:razorpay", "user:main", 50_000)]
    assert await wallet_of(stores, payment.user_id) == (50_000, 0)
    (event,) = await events_of(stores, payment.user_id, "PaymentCaptured")
    assert (event["payment_id"], event["amount_paise"]) == (str(payment.payment_id), 50_000)
    assert (event["purpose"], event["payment_method"], event["reference_id"]) == ("topup", "upi", None)
    await assert_books(stores)


async def test_money_for_a_recharge_is_held_under_its_id_and_no_limit_stops_it(stores: Stores) -> None:
    recharge_id, user_id = uuid4(), await make_payer(stores)
    await credit(stores, user_id, 1_000_000, "full")  # the wallet is at its limit
    payment = await add_payment(
        stores, user_id=user_id, purpose=PaymentPurpose.RECHARGE, reference_id=recharge_id
    )
    assert await payment.capture() is CaptureOutcome.CAPTURED
    assert ("gateway:razorpay", "user:held", 50_000) in await payment.transfers()
    assert await wallet_of(stores, user_id) == (1_050_000, 50_000)
    (event,) = await events_of(stores, user_id, "PaymentCaptured")
    assert event["reference_id"] == str(recharge_id)


async def test_the_ledgers_row_of_a_recharges_payment_tells_its_number_and_operator(stores: Stores) -> None:
    about = {"phone_number": "+919876543210", "service_type": "prepaid", "operator": "JIO"}
    payment = await add_payment(stores, purpose=PaymentPurpose.RECHARGE, reference_id=uuid4(), **about)
    assert await payment.capture() is CaptureOutcome.CAPTURED
    row = await transfer_of(stores, payment.user_id, str(payment.payment_id))
    assert {name: getattr(row, name) for name in about} == about


async def test_the_smallest_payment_is_captured_exactly(stores: Stores) -> None:
    payment = await add_payment(stores, 1)
    assert await payment.capture(1) is CaptureOutcome.CAPTURED
    assert await paise_of(stores, payment.user_id) == 1


async def test_the_same_capture_again_changes_nothing(stores: Stores) -> None:
    payment = await add_captured(stores)
    assert [await payment.capture() for _ in range(3)] == [CaptureOutcome.ALREADY] * 3
    assert await paise_of(stores, payment.user_id) == 50_000
    assert await payment.topics() == ["PaymentCaptured"]


@pytest.mark.parametrize(
    ("paise", "currency"), [(49_999, "INR"), (50_001, "INR"), (0, "INR"), (50_000, "USD"), (50_000, "inr")]
)
async def test_another_amount_or_currency_is_a_mismatch_and_is_announced_once(
    stores: Stores, paise: int, currency: str
) -> None:
    payment = await add_payment(stores)
    for _ in range(2):
        assert await payment.capture(paise, currency=currency) is CaptureOutcome.MISMATCH
    row = await payment.row()
    assert (row.status, row.failure_reason) == ("created", "amount_mismatch")
    assert row.next_check_at is not None
    assert await payment.transfers() == []
    (event,) = await events_of(stores, payment.user_id, "PaymentMismatched")
    assert (event["ordered_paise"], event["reported_paise"], event["currency"]) == (50_000, paise, currency)
    assert event["order_id"] == payment.order_id
    assert await payment.capture() is CaptureOutcome.CAPTURED
    assert (await payment.row()).failure_reason is None


async def test_a_capture_of_a_payment_that_is_not_there_is_not_found(stores: Stores) -> None:
    payment = await add_payment(stores)
    stranger = PaymentRow(stores, await make_payer(stores), payment.payment_id, payment.order_id)
    assert await stranger.capture() is CaptureOutcome.NOT_FOUND
    nowhere = PaymentRow(stores, payment.user_id, uuid4(), "order_x")
    assert await nowhere.capture() is CaptureOutcome.NOT_FOUND
    assert (await payment.row()).status == "created"


@pytest.mark.parametrize("before", ["failed", "authorized"])
async def test_a_late_capture_counts_whatever_was_said_before(stores: Stores, before: str) -> None:
    payment = await add_payment(stores)
    await (payment.fail() if before == "failed" else payment.authorize())
    assert (await payment.row()).status == before
    assert await payment.capture() is CaptureOutcome.CAPTURED
    assert await paise_of(stores, payment.user_id) == 50_000
    await assert_books(stores)


async def test_a_second_capture_of_the_order_goes_to_suspense_and_back_once(stores: Stores) -> None:
    payment = await add_captured(stores)
    # Of another amount, too: what was paid goes back.
    for _ in range(2):
        assert await payment.capture(700, gateway_payment_id="pay_2") is CaptureOutcome.SECOND
    assert await payment.capture(800, gateway_payment_id="pay_3") is CaptureOutcome.SECOND
    refunds = await payment.refunds()
    assert [(row.gateway_payment_id, row.amount, row.from_account) for row in refunds] == [
        ("pay_2", 700, "suspense"),
        ("pay_3", 800, "suspense"),
    ]
    assert {row.reason for row in refunds} == {"paid_twice"}
    assert {row.requested_by for row in refunds} == {"system"}
    assert await paise_of(stores, payment.user_id) == 50_000
    events = await events_of(stores, payment.user_id, "PaymentCapturedTwice")
    assert [(event["gateway_payment_id"], event["returned_paise"]) for event in events] == [
        ("pay_2", 700),
        ("pay_3", 800),
    ]
    assert (await payment.row()).gateway_payment_id == f"pay_{payment.payment_id.hex[-12:]}"
    await assert_books(stores)


@pytest.mark.parametrize(("paise", "status"), [(50_000, "refunded"), (20_000, "partially_refunded")])
async def test_a_second_capture_revives_no_payment_that_went_back(
    stores: Stores, paise: int, status: str
) -> None:
    payment = await add_captured(stores)
    await payment.begin_refund(paise)
    [refund] = await payment.refunds()
    await payment.end_refund(refund.refund_id)
    assert (await payment.row()).status == status
    assert await payment.capture(gateway_payment_id="pay_2") is CaptureOutcome.SECOND
    assert (await payment.row()).status == status
    assert await paise_of(stores, payment.user_id) == 50_000 - paise
    await assert_books(stores)


async def test_a_second_capture_in_another_currency_is_a_mismatch(stores: Stores) -> None:
    payment = await add_captured(stores)
    outcome = await payment.capture(gateway_payment_id="pay_2", currency="USD")
    assert outcome is CaptureOutcome.MISMATCH
    assert await payment.refunds() == []
    assert (await payment.row()).status == "captured"


@pytest.mark.parametrize(("in_wallet", "outcome"), [(950_000, "captured"), (950_001, "over_limit")])
async def test_the_balance_limit_is_exact_to_the_paisa(stores: Stores, in_wallet: int, outcome: str) -> None:
    payment = await add_payment(stores)
    await credit(stores, payment.user_id, in_wallet, "before")
    assert await payment.capture() == outcome
    row = await payment.row()
    assert row.status == "captured"
    if outcome == "over_limit":
        (refund,) = await payment.refunds()
        assert (refund.amount, refund.from_account, refund.reason) == (50_000, "suspense", "wallet_limit")
        assert refund.gateway_payment_id == row.gateway_payment_id
        assert ("gateway:razorpay", "suspense", 50_000) in await payment.transfers()
        assert await payment.topics() == ["PaymentOverLimit"]
    assert await paise_of(stores, payment.user_id) == in_wallet + (50_000 if outcome == "captured" else 0)
    await assert_books(stores)


async def test_a_repeated_capture_over_the_limit_sends_the_money_back_once(stores: Stores) -> None:
    payment = await add_payment(stores)
    await credit(stores, payment.user_id, 1_000_000, "full")
    assert await payment.capture() is CaptureOutcome.OVER_LIMIT
    assert await payment.capture() is CaptureOutcome.ALREADY
    assert len(await payment.refunds()) == 1


async def test_thirty_captures_at_once_bring_the_money_once(stores: Stores) -> None:
    payment = await add_payment(stores)
    outcomes = Counter(await asyncio.gather(*(payment.capture() for _ in range(30))))
    assert outcomes == {CaptureOutcome.CAPTURED: 1, CaptureOutcome.ALREADY: 29}
    assert await paise_of(stores, payment.user_id) == 50_000
    await assert_books(stores)


async def test_ten_different_captures_of_one_order_at_once_keep_one_and_return_nine(stores: Stores) -> None:
    payment = await add_payment(stores)
    outcomes = Counter(
        await asyncio.gather(*(payment.capture(gateway_payment_id=f"pay_{n}") for n in range(10)))
    )
    assert outcomes == {CaptureOutcome.CAPTURED: 1, CaptureOutcome.SECOND: 9}
    assert len(await payment.refunds()) == 9
    assert await paise_of(stores, payment.user_id) == 50_000
    await assert_books(stores)


async def test_racing_topups_never_exceed_the_limit_together(stores: Stores) -> None:
    user_id = await make_payer(stores)
    payments = [await add_payment(stores, 300_000, user_id=user_id) for _ in range(5)]
    outcomes = Counter(await asyncio.gather(*(payment.capture(300_000) for payment in payments)))
    assert outcomes == {CaptureOutcome.CAPTURED: 3, CaptureOutcome.OVER_LIMIT: 2}
    assert await paise_of(stores, user_id) == 900_000
    await assert_books(stores)


async def test_a_capture_and_a_failure_at_once_end_captured(stores: Stores) -> None:
    for _ in range(5):
        payment = await add_payment(stores)
        await asyncio.gather(payment.fail(), payment.capture(), payment.authorize(), payment.fail())
        assert (await payment.row()).status == PaymentStatus.CAPTURED
        assert await paise_of(stores, payment.user_id) == 50_000


async def test_the_pinned_clock_is_the_instant_of_the_capture(stores: Stores) -> None:
    payment = await add_payment(stores)
    with clock.later(hours=5):
        await payment.capture()
        assert abs(((await payment.row()).captured_at or clock.now()) - clock.now()).total_seconds() < 60
