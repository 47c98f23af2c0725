"""Paying a bill in SQL: what is refused leaves nothing, what is paid is held, and its end moves it once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.recharge import bill_service
from gencharge.recharge import service as recharges
from gencharge.recharge.bill_crud import BillPaymentRequest, BillResult
from gencharge.recharge.errors import (
    BillPaymentPending,
    OperatorChannelUnavailable,
    OperatorDown,
)
from gencharge.recharge.models import BillOutcome, DeliverOutcome, FailOutcome
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.service import NO_LIMITS, Limits
from gencharge.wallet.errors import InsufficientBalance
from tests.make.delivery import reach_jio
from tests.make.money import balance, make_customer
from tests.make.operators import set_maintenance
from tests.make.outside import reach_over_api
from tests.make.recharge import assert_books_balance, get_recharge, list_topics, list_transfers, run_sql


@pytest.fixture
async def jio(shop: Stores) -> Stores:
    await reach_jio(shop)
    return shop


def request_of(user_id: UUID, **overrides: Any) -> BillPaymentRequest:
    values = {
        "recharge_id": new_id(),
        "key": str(uuid4()),
        "request_hash": b"1",
        "phone_number": "+919000000001",
        "operator": "JIO",
        "circle": None,
        "bill_id": new_id(),
        "bill_reference": str(uuid4()),
        "amount": 300_00,
        "source": "web",
    }
    return BillPaymentRequest(user_id=user_id, **(values | overrides))


async def pay(stores: Stores, request: BillPaymentRequest, limits: Limits = NO_LIMITS) -> BillResult:
    return await stores.database.run(lambda db: bill_service.pay_bill(db, request, limits))


async def test_a_payment_is_held_announced_and_queued_with_the_bills_reference(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    request = request_of(user_id, circle="KA")
    result = await pay(jio, request)
    assert result.outcome is BillOutcome.DONE
    assert result.sale is not None
    assert (result.sale.recharge_id, result.sale.balance_after) == (request.recharge_id, 700_00)
    assert await list_transfers(jio, request.recharge_id) == {("user:main", "user:held"): 300_00}
    row = await get_recharge(jio, user_id, request.recharge_id)
    assert (row.plan_id, row.plan_name, row.category, row.status) == (
        None,
        "Postpaid bill",
        "bill",
        "processing",
    )
    assert await assert_queued(jio, request) == (None, request.bill_reference, 300_00)
    assert await list_topics(jio, user_id) == ["RechargeAccepted"]
    await assert_books_balance(jio)


async def assert_queued(stores: Stores, request: BillPaymentRequest) -> tuple[Any, ...]:
    row = await stores.database.fetch_row(
        "SELECT plan_id, bill_reference, amount FROM fulfilments WHERE user_id = $1 AND recharge_id = $2",
        request.user_id,
        request.recharge_id,
    )
    assert row is not None
    return tuple(row)


async def test_each_refusal_has_its_error_and_changes_nothing(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    under_way = request_of(user_id)
    await pay(jio, under_way)
    same_bill = {"phone_number": under_way.phone_number, "bill_reference": under_way.bill_reference}
    cases: list[tuple[dict[str, Any], Limits, type[Exception]]] = [
        (same_bill, NO_LIMITS, BillPaymentPending),
        ({"key": under_way.key, "request_hash": b"2"}, NO_LIMITS, IdempotencyKeyReused),
        ({"amount": 700_01}, NO_LIMITS, InsufficientBalance),
        ({"amount": 1_00_000_01}, NO_LIMITS, OperatorChannelUnavailable),
        ({}, Limits((1, *[None] * 8)), VelocityLimitExceeded),
    ]
    for overrides, limits, problem in cases:
        result = await pay(jio, request_of(user_id, **overrides), limits)
        assert result.sale is None or result.outcome is BillOutcome.IDEMPOTENCY_KEY_REUSED
        assert isinstance(bill_service.bill_refusal(result), problem)
    assert await balance(jio, user_id) == Money(700_00)
    await assert_books_balance(jio)


async def test_an_operator_that_is_down_or_has_no_channel_is_refused(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    down = "UPDATE operators SET status = :status WHERE code = 'JIO'"
    await run_sql(jio, down, status="down")
    result = await pay(jio, request_of(user_id))
    await run_sql(jio, down, status="up")
    assert isinstance(bill_service.bill_refusal(result), OperatorDown)
    await set_maintenance(jio, "JIO", hours=1)
    result = await pay(jio, request_of(user_id))
    await set_maintenance(jio, "JIO", hours=None)
    assert isinstance(bill_service.bill_refusal(result), OperatorDown)
    await reach_over_api(jio, "JIO")
    result = await pay(jio, request_of(user_id))
    assert isinstance(bill_service.bill_refusal(result), OperatorChannelUnavailable)
    assert await balance(jio, user_id) == Money(1_000_00)


async def test_a_payment_ends_once_and_the_next_of_the_bill_may_begin(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    first = request_of(user_id)
    await pay(jio, first)

    async def fail(request: BillPaymentRequest) -> FailOutcome:
        return await jio.database.run(
            lambda db: recharges.fail(db, user_id, request.recharge_id, reason="declined")
        )

    async def deliver(request: BillPaymentRequest) -> DeliverOutcome:
        return await jio.database.run(
            lambda db: recharges.deliver(
                db, user_id, request.recharge_id, operator_reference="R", channel="jio-a", commission=9_00
            )
        )

    assert [await fail(first), await fail(first), await deliver(first)] == [
        FailOutcome.FAILED,
        FailOutcome.ALREADY,
        DeliverOutcome.ALREADY_FAILED,
    ]
    second = request_of(user_id, bill_reference=first.bill_reference)
    await pay(jio, second)
    assert [await deliver(second), await deliver(second), await fail(second)] == [
        DeliverOutcome.DELIVERED,
        DeliverOutcome.ALREADY,
        FailOutcome.DELIVERED,
    ]
    topics = ["RechargeAccepted", "RechargeFailed", "RechargeAccepted", "BillPaid"]
    assert await list_topics(jio, user_id) == topics
    assert await balance(jio, user_id) == Money(700_00)
    await assert_books_balance(jio)


async def test_the_staff_refund_a_bill_as_they_do_a_recharge(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    request = request_of(user_id)
    await pay(jio, request)
    await jio.database.run(
        lambda db: recharges.deliver(
            db, user_id, request.recharge_id, operator_reference="R", channel="jio-a", commission=9_00
        )
    )
    taken_back = await jio.database.run(
        lambda db: recharges.take_back(
            db, user_id, request.recharge_id, refund_id=new_id(), reason="paid twice", by=uuid4()
        )
    )
    assert taken_back == 300_00
    assert await balance(jio, user_id) == Money(1_000_00)
    await assert_books_balance(jio)


async def test_a_key_finds_its_payment_and_no_recharge_of_another_kind(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    request = request_of(user_id)
    sale = (await pay(jio, request)).sale

    async def find(key: str, request_hash: bytes) -> object:
        return await jio.database.run(
            lambda db: bill_service.find_bill_payment(db, user_id, key, request_hash)
        )

    assert await find(request.key, b"1") == sale
    assert await find("another", b"1") is None
    with pytest.raises(IdempotencyKeyReused):
        await find(request.key, b"2")


async def test_the_check_finds_a_payment_that_does_not_stand_as_its_recharge(jio: Stores) -> None:
    user_id = await make_customer(jio, 1_000)
    request = request_of(user_id)
    await pay(jio, request)
    spoil = "UPDATE bill_payments SET status = :status, ended_at = :at WHERE recharge_id = :id"
    await run_sql(
        jio,
        spoil,
        status="paid",
        at=(await get_recharge(jio, user_id, request.recharge_id)).created_at,
        id=request.recharge_id,
    )
    with pytest.raises(AssertionError, match="the payment of a bill stands as its recharge does"):
        await assert_books_balance(jio)
    await run_sql(jio, spoil, status="pending", at=None, id=request.recharge_id)
    await assert_books_balance(jio)
