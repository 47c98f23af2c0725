"""The SQL functions `fail_payment` and `authorize_payment`, called directly: a state only moves forward."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.outcomes import AuthorizeOutcome, FailOutcome
from tests.make.payments import PaymentRow, add_captured, add_payment, events_of, make_payer


async def test_an_open_payment_fails_with_its_reason_and_is_still_checked(stores: Stores) -> None:
    payment = await add_payment(stores)
    assert await payment.fail("card_declined") is FailOutcome.FAILED
    row = await payment.row()
    assert (row.status, row.failure_reason) == ("failed", "card_declined")
    assert row.next_check_at is not None
    (event,) = await events_of(stores, payment.user_id, "PaymentFailed")
    assert (event["reason"], event["amount_paise"]) == ("card_declined", 50_000)


async def test_a_second_failure_keeps_the_first_reason(stores: Stores) -> None:
    payment = await add_payment(stores)
    await payment.fail("first")
    assert await payment.fail("second") is FailOutcome.ALREADY
    assert (await payment.row()).failure_reason == "first"
    assert await payment.topics() == ["PaymentFailed"]


@pytest.mark.parametrize(("authorized", "outcome"), [(False, "already"), (True, "failed")])
async def test_an_authorized_payment_fails_only_if_the_gateway_released_it(
    stores: Stores, authorized: bool, outcome: str
) -> None:
    payment = await add_payment(stores)
    await payment.authorize()
    assert await payment.fail("released", authorized=authorized) == outcome
    assert (await payment.row()).status == ("failed" if authorized else "authorized")


@pytest.mark.parametrize("authorized", [True, False])
async def test_a_captured_payment_never_fails(stores: Stores, authorized: bool) -> None:
    payment = await add_captured(stores)
    assert await payment.fail(authorized=authorized) is FailOutcome.ALREADY
    assert (await payment.row()).status == "captured"


async def test_a_refunded_payment_never_fails(stores: Stores) -> None:
    payment = await add_captured(stores)
    await payment.begin_refund(20_000)
    await payment.end_refund((await payment.refunds())[0].refund_id)
    assert await payment.fail(authorized=True) is FailOutcome.ALREADY
    assert (await payment.row()).status == "partially_refunded"


async def test_a_mismatch_stays_the_reason_of_a_failure(stores: Stores) -> None:
    payment = await add_payment(stores)
    await payment.capture(1)
    assert await payment.fail("abandoned") is FailOutcome.FAILED
    assert (await payment.row()).failure_reason == "amount_mismatch"
    (event,) = await events_of(stores, payment.user_id, "PaymentFailed")
    assert event["reason"] == "abandoned"


async def test_a_payment_that_is_not_there_can_neither_fail_nor_be_authorized(stores: Stores) -> None:
    payment = await add_payment(stores)
    for stranger in (
        PaymentRow(stores, await make_payer(stores), payment.payment_id, payment.order_id),
        PaymentRow(stores, payment.user_id, uuid4(), payment.order_id),
    ):
        assert await stranger.fail() is FailOutcome.NOT_FOUND
        assert await stranger.authorize() is AuthorizeOutcome.NOT_FOUND
    assert await payment.topics() == []


async def test_twenty_failures_at_once_are_announced_once(stores: Stores) -> None:
    payment = await add_payment(stores)
    outcomes = await asyncio.gather(*(payment.fail() for _ in range(20)))
    assert outcomes.count(FailOutcome.FAILED) == 1
    assert await payment.topics() == ["PaymentFailed"]


@pytest.mark.parametrize("failed_before", [True, False])
async def test_an_authorization_is_recorded_and_checked_soon(stores: Stores, failed_before: bool) -> None:
    payment = await add_payment(stores)
    if failed_before:
        await payment.fail("declined")
    with clock.later(minutes=5):
        assert await payment.authorize() is AuthorizeOutcome.AUTHORIZED
        row = await payment.row()
        assert row.next_check_at is not None
        assert abs(row.next_check_at - clock.now() - timedelta(seconds=3)) < timedelta(seconds=30)
    assert (row.status, row.failure_reason, row.checks) == ("authorized", None, 0)
    assert await payment.transfers() == []
    assert (await events_of(stores, payment.user_id, "PaymentAuthorized"))[0]["amount_paise"] == 50_000


async def test_a_second_authorization_and_one_after_the_capture_change_nothing(stores: Stores) -> None:
    payment = await add_payment(stores)
    await payment.authorize()
    assert await payment.authorize() is AuthorizeOutcome.ALREADY
    # What is said of another amount counts no more either.
    assert await payment.authorize(1) is AuthorizeOutcome.ALREADY
    await payment.capture()
    assert await payment.authorize() is AuthorizeOutcome.ALREADY
    assert (await payment.row()).status == "captured"
    assert (await payment.topics()).count("PaymentAuthorized") == 1


@pytest.mark.parametrize(("paise", "currency"), [(49_999, "INR"), (50_001, "INR"), (50_000, "EUR")])
async def test_an_authorization_of_another_amount_is_a_mismatch(
    stores: Stores, paise: int, currency: str
) -> None:
    payment = await add_payment(stores)
    assert await payment.authorize(paise, currency=currency) is AuthorizeOutcome.MISMATCH
    row = await payment.row()
    assert (row.status, row.failure_reason) == ("created", "amount_mismatch")
    (event,) = await events_of(stores, payment.user_id, "PaymentMismatched")
    assert (event["reported_paise"], event["currency"]) == (paise, currency)
