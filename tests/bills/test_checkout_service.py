"""A bill that a gateway collects is the operator's or comes back, once; nothing is taken for a bill that changed, and an order that
nobody pays blocks nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from gencharge import wiring
from gencharge.bills import checkout_service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import BillChanged
from gencharge.bills.models import BillStatus
from gencharge.bills.schemas import BillOut, BillPaymentOut, PayBill
from gencharge.core.errors import IdempotencyKeyReused, Problem, ReferenceAlreadyUsed
from gencharge.core.events.relay import Relay
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.delivery.loop import Dispatcher
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayUnavailable
from gencharge.payments.models import PaymentStatus
from gencharge.payments.schemas import PaymentQuery
from gencharge.recharge.errors import BillPaymentPending
from gencharge.velocity.service import NO_LIMITS
from tests.make.bills import fetch, put_bill, read
from tests.make.bills import pay as pay_from_wallet
from tests.make.money import balance, make_customer
from tests.make.outside import NOBODY, Outside
from tests.make.payments import assert_clean, context_at, get_payment
from tests.make.payments import pay as pay_order
from tests.make.recharge import get_recharge, list_transfers


@pytest.fixture
async def gateway(shop: Stores, outside: Outside) -> AsyncIterator[PaymentContext]:
    """The sandbox's gateway. Its webhooks go nowhere: it is asked."""
    outside.aim(webhook_url="http://127.0.0.1:9/nobody")
    gateway = context_at(shop, outside.base)
    yield gateway
    await gateway.gateway.close()


async def begin(
    context: BillsContext, gateway: PaymentContext, user_id: UUID, bill: BillOut, **fields: Any
) -> Answered[BillPaymentOut]:
    """Open the payment of a bill by UPI, in full unless `amount` says otherwise."""
    key = fields.pop("key", None) or str(uuid4())
    command = PayBill.model_validate({"expected_amount": str(bill.amount), "payment_method": "upi", **fields})
    return await checkout_service.pay(
        context, gateway, user_id, bill.bill_id, command, key=key, limits=NO_LIMITS
    )


async def collect(
    shop: Stores, outside: Outside, gateway: PaymentContext, user_id: UUID, begun: BillPaymentOut
) -> None:
    """The customer pays in the checkout, and what follows from it is announced."""
    assert begun.payment is not None
    pay_order(outside, begun.payment.order_id)
    await payments.ask_gateway(gateway, user_id, begun.payment.payment_id)
    await Relay(shop, wiring.LISTENERS).drain()


async def test_a_bill_is_paid_by_upi_and_nothing_of_the_wallet_moves(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 100), put_bill(outside, paise=649_50, part_payment="exact")
    bill = await fetch(context, user_id, number, circle="KA")
    begun = (await begin(context, gateway, user_id, bill, reference="inv-1")).answer
    assert (begun.status, begun.amount, begun.wallet_balance) == (
        "payment_pending",
        Money(649_50),
        Money(100_00),
    )
    assert begun.payment is not None
    assert (begun.payment.amount, begun.payment.status) == (Money(649_50), "created")
    waiting = await read(shop, user_id, bill)
    assert (waiting.status, waiting.amount, waiting.recharge_id) == (
        BillStatus.DUE,
        Money(649_50),
        begun.recharge_id,
    )
    await collect(shop, outside, gateway, user_id, begun)
    await dispatcher.drain()
    after = await read(shop, user_id, bill)
    assert (after.status, after.amount) == (BillStatus.PAID, Money(0))
    assert await list_transfers(shop, begun.recharge_id) == {
        ("gateway:razorpay", "user:held"): 649_50,
        ("user:held", "operator:jio"): 649_50,
        ("operator:jio", "revenue"): 19_48,
    }
    sold = await get_recharge(shop, user_id, begun.recharge_id)
    assert (sold.status, sold.bill_id, sold.gateway_amount, sold.caller_reference) == (
        "delivered",
        bill.bill_id,
        649_50,
        "inv-1",
    )
    assert (await balance(shop, user_id)) == Money(100_00)
    await assert_clean(shop)


async def test_a_part_of_a_bill_leaves_the_rest_due_with_its_date(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00, part_payment="any")
    bill = await fetch(context, user_id, number)
    begun = (await begin(context, gateway, user_id, bill, amount="200.00")).answer
    await collect(shop, outside, gateway, user_id, begun)
    await dispatcher.drain()
    after = await read(shop, user_id, bill)
    assert (after.status, after.amount, after.due_on) == (BillStatus.DUE, Money(300_00), bill.due_on)
    await assert_clean(shop)


async def test_a_bill_that_changed_is_refused_before_the_gateway_hears_of_it(
    context: BillsContext, gateway: PaymentContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    put_bill(outside, paise=510_00, phone_number=number)
    with pytest.raises(BillChanged) as refused:
        await begin(context, gateway, user_id, bill)
    assert refused.value.extra["amount"] == Money(510_00)
    page = await shop.database.run(lambda db: payments.list_own(db, user_id, PaymentQuery()))
    assert page.items == []


async def test_what_changes_while_the_customer_pays_the_operator_refuses_and_the_money_comes_back(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00, part_payment="exact")
    bill = await fetch(context, user_id, number)
    begun = (await begin(context, gateway, user_id, bill)).answer
    put_bill(outside, paise=510_00, phone_number=number, part_payment="exact")
    await collect(shop, outside, gateway, user_id, begun)
    await dispatcher.drain()
    await dispatcher.drain()
    assert (await read(shop, user_id, bill)).status is BillStatus.DUE
    assert (await get_recharge(shop, user_id, begun.recharge_id)).status == "failed"
    assert await balance(shop, user_id) == Money(500_00)
    await assert_clean(shop)


async def test_an_order_that_nobody_pays_blocks_neither_its_owner_nor_another_customer(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    stranger, owner = await make_customer(shop, 0), await make_customer(shop, 1_000)
    number = put_bill(outside, paise=500_00, part_payment="exact")
    theirs = await fetch(context, stranger, number)
    begun = (await begin(context, gateway, stranger, theirs)).answer
    own = await fetch(context, owner, number)
    await pay_from_wallet(context, owner, own)
    with pytest.raises(BillPaymentPending):
        await begin(context, gateway, stranger, theirs)
    # Paid all the same, while the owner's payment is on its way: the money goes to the stranger's wallet.
    await collect(shop, outside, gateway, stranger, begun)
    assert (await get_recharge(shop, stranger, begun.recharge_id)).failure_reason == "bill_payment_pending"
    assert await balance(shop, stranger) == Money(500_00)
    await dispatcher.drain()
    assert (await read(shop, owner, own)).status is BillStatus.PAID
    await assert_clean(shop)


async def test_a_payment_that_fails_leaves_the_bill_due(
    context: BillsContext, gateway: PaymentContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    begun = (await begin(context, gateway, user_id, bill)).answer
    assert begun.payment is not None
    payment_id = begun.payment.payment_id
    await shop.database.run(lambda db: payments.cancel(db, user_id, payment_id, "the customer left"))
    await Relay(shop, wiring.LISTENERS).drain()
    assert (await read(shop, user_id, bill)).status is BillStatus.DUE
    assert (await get_recharge(shop, user_id, begun.recharge_id)).status == "failed"
    await assert_clean(shop)


async def test_a_key_places_one_payment_also_at_once(
    context: BillsContext, gateway: PaymentContext, outside: Outside, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    results = await asyncio.gather(
        *(begin(context, gateway, user_id, bill, key="k") for _ in range(4)), return_exceptions=True
    )
    answers = [each for each in results if isinstance(each, Answered)]
    assert answers
    assert all(isinstance(each, Answered | Problem) for each in results)
    again = await begin(context, gateway, user_id, bill, key="k")
    assert again.replayed
    assert {each.answer.recharge_id for each in answers} == {again.answer.recharge_id}
    with pytest.raises(IdempotencyKeyReused):
        await begin(context, gateway, user_id, bill, key="k", payment_method="card")
    with pytest.raises(IdempotencyKeyReused):
        await pay_from_wallet(context, user_id, bill, key="k")


async def test_a_reference_that_is_used_cancels_the_order(
    context: BillsContext, gateway: PaymentContext, outside: Outside, shop: Stores
) -> None:
    user_id = await make_customer(shop, 0)
    bills = [await fetch(context, user_id, put_bill(outside, paise=500_00)) for _ in range(2)]
    first = (await begin(context, gateway, user_id, bills[0], reference="inv-7")).answer
    with pytest.raises(ReferenceAlreadyUsed) as refused:
        await begin(context, gateway, user_id, bills[1], reference="inv-7")
    assert refused.value.extra["recharge_id"] == first.recharge_id
    assert first.payment is not None
    assert (await get_payment(shop, user_id, first.payment.payment_id)).status == PaymentStatus.CREATED


async def test_without_the_gateway_nothing_is_placed(
    context: BillsContext, gateway: PaymentContext, outside: Outside, shop: Stores
) -> None:
    del gateway
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00)
    bill = await fetch(context, user_id, number)
    away = context_at(shop, NOBODY)
    with pytest.raises(GatewayUnavailable):
        await begin(context, away, user_id, bill)
    await away.gateway.close()
    assert (await read(shop, user_id, bill)).recharge_id is None


async def settle(shop: Stores, dispatcher: Dispatcher) -> None:
    """What is on its way to the operator ends, and what follows from it happens."""
    for _ in range(3):
        await dispatcher.drain()
        await Relay(shop, wiring.LISTENERS).drain()


async def test_of_two_orders_for_one_bill_that_are_both_paid_one_counts_whichever_is_first(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    for first, second in ((0, 1), (1, 0)):
        user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00, part_payment="exact")
        bill = await fetch(context, user_id, number)
        orders = [(await begin(context, gateway, user_id, bill)).answer for _ in range(2)]
        await collect(shop, outside, gateway, user_id, orders[first])
        await settle(shop, dispatcher)
        after = await read(shop, user_id, bill)
        assert (after.status, after.amount) == (BillStatus.PAID, Money(0))
        await collect(shop, outside, gateway, user_id, orders[second])
        await settle(shop, dispatcher)
        assert (await get_recharge(shop, user_id, orders[second].recharge_id)).status == "failed"
        assert await balance(shop, user_id) == Money(500_00), "the second came into the wallet"
        after = await read(shop, user_id, bill)
        assert (after.status, after.amount) == (BillStatus.PAID, Money(0))
    await assert_clean(shop)


async def test_a_bill_that_the_wallet_pays_while_an_order_is_open_is_paid_once(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    for is_delivered in (False, True):
        user_id = await make_customer(shop, 1_000)
        number = put_bill(outside, paise=500_00, part_payment="exact")
        bill = await fetch(context, user_id, number)
        order = (await begin(context, gateway, user_id, bill)).answer
        await pay_from_wallet(context, user_id, bill)
        if is_delivered:
            await settle(shop, dispatcher)
        await collect(shop, outside, gateway, user_id, order)
        await settle(shop, dispatcher)
        after = await read(shop, user_id, bill)
        assert (after.status, after.amount) == (BillStatus.PAID, Money(0))
        assert await balance(shop, user_id) == Money(1_000_00), "the order's money came into the wallet"
        assert (await get_recharge(shop, user_id, order.recharge_id)).status == "failed"
    await assert_clean(shop)


async def test_the_gateways_news_of_a_payment_counts_once_however_often_it_is_heard(
    context: BillsContext, gateway: PaymentContext, outside: Outside, dispatcher: Dispatcher, shop: Stores
) -> None:
    user_id, number = await make_customer(shop, 0), put_bill(outside, paise=500_00, part_payment="exact")
    bill = await fetch(context, user_id, number)
    order = (await begin(context, gateway, user_id, bill)).answer
    assert order.payment is not None
    pay_order(outside, order.payment.order_id)
    payment_id = order.payment.payment_id
    await asyncio.gather(*(payments.ask_gateway(gateway, user_id, payment_id) for _ in range(5)))
    await settle(shop, dispatcher)
    await payments.ask_gateway(gateway, user_id, payment_id)
    await settle(shop, dispatcher)
    assert (await read(shop, user_id, bill)).status is BillStatus.PAID
    assert await balance(shop, user_id) == Money(0)
    assert await list_transfers(shop, order.recharge_id) == {
        ("gateway:razorpay", "user:held"): 500_00,
        ("user:held", "operator:jio"): 500_00,
        ("operator:jio", "revenue"): 15_00,
    }
    await assert_clean(shop)


@pytest.mark.parametrize("amount", ["0", "0.00", "-1", "0.001"])
def test_no_bill_is_paid_with_nothing(amount: str) -> None:
    with pytest.raises(ValidationError):
        PayBill.model_validate({"expected_amount": "500.00", "amount": amount, "payment_method": "upi"})
