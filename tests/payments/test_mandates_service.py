"""Charges by a mandate: asked for at most once, whatever the gateway answers."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.payments import mandates_service
from gencharge.payments.context import PaymentContext
from gencharge.payments.gateway import CallNotSent, MandateRequest
from gencharge.payments.service import Charge, ask_gateway
from tests.make.outside import Outside
from tests.make.payments import (
    assert_clean,
    drain,
    get_payment,
    make_payer,
    open_topup,
    paise_of,
    pay,
)

NUMBER = "+919000001234"


async def make_token(context: PaymentContext, outside: Outside) -> tuple[str, str]:
    """The gateway's ids of a customer and of a confirmed token for up to Rs 500."""
    customer = await context.gateway.create_customer(name="Asha Rao", contact=NUMBER, email=None)
    order = await context.gateway.create_order(
        receipt=str(new_id()),
        amount=100,
        currency="INR",
        mandate=MandateRequest(customer, 50_000, 2_000_000_000),
    )
    pay(outside, order.order_id)
    [mandate] = await context.gateway.fetch_mandates(customer)
    return customer, mandate.token_id


async def charge(context: PaymentContext, user_id: UUID, payment_id: UUID, token: tuple[str, str]) -> Charge:
    return await mandates_service.charge_mandate(
        context,
        user_id,
        payment_id,
        mandate_id=new_id(),
        customer_id=token[0],
        token_id=token[1],
        contact=NUMBER,
    )


def attempts(outside: Outside, order_id: str) -> list[str]:
    """The state of each attempt to pay an order, at the gateway."""
    rows = outside.control("GET", "/sandbox/state")["payments"]
    return [row["status"] for row in rows if row["order_id"] == order_id]


async def test_racing_charges_of_one_payment_are_one(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id, token = await make_payer(stores), await make_token(context, outside)
    opened = await open_topup(context, user_id)
    results = await asyncio.gather(*(charge(context, user_id, opened.payment_id, token) for _ in range(6)))
    assert sorted(results) == [Charge.ASKED] + [Charge.EARLIER] * 5
    assert attempts(outside, opened.order_id) == ["captured"]
    assert await paise_of(stores, user_id) == 50_000
    await assert_clean(stores)


@pytest.mark.parametrize(
    "script", ["time_out_after", "server_error_after", "lost_connection_after_accept", "garbage"]
)
async def test_a_charge_without_an_answer_is_asked_about_and_never_made_again(
    impatient: PaymentContext, outside: Outside, stores: Stores, script: str
) -> None:
    user_id, token = await make_payer(stores), await make_token(impatient, outside)
    opened = await open_topup(impatient, user_id)
    outside.script("gateway", "recurring", script, times=1)
    assert await charge(impatient, user_id, opened.payment_id, token) is Charge.ASKED
    assert await charge(impatient, user_id, opened.payment_id, token) is Charge.EARLIER
    with clock.later(minutes=5):
        await drain(impatient)
    assert attempts(outside, opened.order_id) == ["captured"]
    assert await paise_of(stores, user_id) == 50_000


async def test_a_charge_that_the_gateway_never_heard_of_is_abandoned_not_repeated(
    impatient: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id, token = await make_payer(stores), await make_token(impatient, outside)
    opened = await open_topup(impatient, user_id)
    outside.script("gateway", "recurring", "time_out_before", times=1)
    assert await charge(impatient, user_id, opened.payment_id, token) is Charge.ASKED
    with clock.later(minutes=31):
        await drain(impatient)
        assert await charge(impatient, user_id, opened.payment_id, token) is Charge.EARLIER
    payment = await get_payment(stores, user_id, opened.payment_id)
    assert (payment.status, payment.failure_reason) == ("failed", "abandoned")
    assert attempts(outside, opened.order_id) == []


async def test_what_was_not_sent_can_be_charged_again(
    context: PaymentContext, outside: Outside, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id, token = await make_payer(stores), await make_token(context, outside)
    opened = await open_topup(context, user_id)

    async def unreachable(**_arguments: object) -> str:
        raise CallNotSent("ConnectError")

    with monkeypatch.context() as patch:
        patch.setattr(context.gateway, "charge_mandate", unreachable)
        assert await charge(context, user_id, opened.payment_id, token) is Charge.NOT_SENT
    assert await charge(context, user_id, opened.payment_id, token) is Charge.ASKED
    assert await paise_of(stores, user_id) == 50_000


async def test_a_declined_charge_fails_the_payment(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id, token = await make_payer(stores), await make_token(context, outside)
    opened = await open_topup(context, user_id)
    outside.script("gateway", "recurring", "decline", times=1)
    assert await charge(context, user_id, opened.payment_id, token) is Charge.ASKED
    assert (await get_payment(stores, user_id, opened.payment_id)).status == "failed"
    assert await paise_of(stores, user_id) == 0


async def test_a_payment_that_is_paid_is_not_charged(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id, token = await make_payer(stores), await make_token(context, outside)
    opened = await open_topup(context, user_id)
    pay(outside, opened.order_id)
    await ask_gateway(context, user_id, opened.payment_id)
    assert await charge(context, user_id, opened.payment_id, token) is Charge.EARLIER
    assert await paise_of(stores, user_id) == 50_000
