"""The Razorpay adapter against the sandbox: every call's shape, every way in which one can end badly, mandates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments.context import PaymentContext
from gencharge.payments.gateway import CallNotSent, CallRefused, CallUnknown
from gencharge.payments.razorpay import Razorpay
from tests.make.payments import (
    IMPATIENT_SECONDS,
    pay,
)
from tests.outside import NOBODY, Outside

ENDINGS = {
    "decline": CallRefused,
    "time_out_before": CallUnknown,
    "time_out_after": CallUnknown,
    "drip": CallUnknown,
    "server_error_before": CallUnknown,
    "server_error_after": CallUnknown,
    "lost_connection_before": CallUnknown,
    "lost_connection_after_accept": CallUnknown,
    "garbage": CallUnknown,
    "huge_body": CallUnknown,
    "redirect": CallUnknown,
    "too_many_requests": CallNotSent,
}


@pytest.fixture
async def gateway(context: PaymentContext, stores: Stores, outside: Outside) -> AsyncIterator[Razorpay]:
    del context  # it has put the sandbox back to its first start
    settings = stores.settings.model_copy(update={"payment_gateway_url": outside.base})
    found = Razorpay(settings, timeout_seconds=5)
    yield found
    await found.close()


@pytest.fixture
async def impatient_gateway(gateway: Razorpay, stores: Stores, outside: Outside) -> AsyncIterator[Razorpay]:
    settings = stores.settings.model_copy(update={"payment_gateway_url": outside.base})
    found = Razorpay(settings, timeout_seconds=IMPATIENT_SECONDS)
    yield found
    await found.close()


@pytest.mark.parametrize("script", ENDINGS)
async def test_every_ending_of_a_call_is_one_of_three(
    script: str, gateway: Razorpay, impatient_gateway: Razorpay, outside: Outside
) -> None:
    outside.script("gateway", "order", script, times=1)
    chosen = impatient_gateway if ENDINGS[script] is CallUnknown and "body" not in script else gateway
    with pytest.raises(ENDINGS[script]):
        await chosen.create_order(receipt=str(uuid4()), amount=10_000, currency="INR")


async def test_nobody_there_is_not_sent_and_a_wrong_key_is_turned_away(
    stores: Stores, outside: Outside
) -> None:
    for but in (
        {"payment_gateway_url": NOBODY},
        {"payment_gateway_url": outside.base, "payment_key_id": "rzp_test_somebody_else"},
    ):
        gateway = Razorpay(stores.settings.model_copy(update=but))
        with pytest.raises(CallNotSent) as caught:
            await gateway.fetch_payment("pay_x")
        assert stores.settings.payment_key_secret.get_secret_value() not in repr(caught.value)
        await gateway.close()


async def test_an_id_can_not_lead_to_another_path(gateway: Razorpay) -> None:
    with pytest.raises((CallRefused, CallUnknown)):
        await gateway.fetch_payment("../orders")


async def test_orders_payments_and_refunds_are_read_as_they_are(gateway: Razorpay, outside: Outside) -> None:
    receipt, refund_id = str(uuid4()), str(uuid4())
    order = await gateway.create_order(receipt=receipt, amount=10_000, currency="INR")
    assert await gateway.find_orders(receipt) == [order]
    assert await gateway.find_orders(str(uuid4())) == []
    assert await gateway.fetch_order_payments(order.order_id) == []
    handed = pay(outside, order.order_id, method="card")
    (payment,) = await gateway.fetch_order_payments(order.order_id)
    assert payment == await gateway.fetch_payment(handed["razorpay_payment_id"])
    assert (payment.status, payment.amount, payment.method) == ("captured", 10_000, "card")
    assert gateway.is_checkout(order.order_id, payment.gateway_payment_id, handed["razorpay_signature"])
    assert not gateway.is_checkout(order.order_id, "pay_other", handed["razorpay_signature"])

    sent = await gateway.refund(payment.gateway_payment_id, receipt=refund_id, amount=4_000)
    again = await gateway.refund(payment.gateway_payment_id, receipt=refund_id, amount=4_000)
    assert again.gateway_refund_id == sent.gateway_refund_id
    assert await gateway.fetch_refund(sent.gateway_refund_id) == again
    assert [each.receipt for each in await gateway.fetch_refunds(payment.gateway_payment_id)] == [refund_id]
    with pytest.raises(CallRefused):
        await gateway.refund(payment.gateway_payment_id, receipt=str(uuid4()), amount=6_001)

    rows = await gateway.statement(clock.now().astimezone(clock.IST).date())
    assert [(row.kind, row.amount, row.credit > 0, row.debit) for row in rows] == [
        ("payment", 10_000, True, 0),
        ("refund", 4_000, False, 4_000),
    ]
    assert rows[0].order_receipt == receipt
    assert rows[0].credit == rows[0].amount - rows[0].fee
    assert rows[1].payment_id == payment.gateway_payment_id


async def test_a_mandate_is_registered_charged_and_cancelled(gateway: Razorpay, outside: Outside) -> None:
    phone = "+919000001234"
    customer = await gateway.create_customer(name="Asha Rao", contact=phone, email="asha@example.com")
    assert await gateway.create_customer(name="Asha", contact=phone, email="asha@example.com") == customer
    first = await gateway.create_order(
        receipt=str(uuid4()), amount=100, currency="INR", mandate=(customer, 50_000)
    )
    pay(outside, first.order_id)
    (mandate,) = await gateway.fetch_mandates(customer)
    assert (mandate.status, mandate.max_amount, mandate.customer_id) == ("confirmed", 50_000, customer)

    async def charge(paise: int) -> str:
        order = await gateway.create_order(receipt=str(uuid4()), amount=paise, currency="INR")
        return await gateway.charge_mandate(
            order_id=order.order_id,
            amount=paise,
            currency="INR",
            customer_id=customer,
            token_id=mandate.token_id,
            contact=phone,
        )

    taken = await gateway.fetch_payment(await charge(29_900))
    assert (taken.status, taken.amount) == ("captured", 29_900)
    with pytest.raises(CallRefused):
        await charge(50_001)
    await gateway.cancel_mandate(customer, mandate.token_id)
    with pytest.raises(CallRefused):
        await charge(29_900)
