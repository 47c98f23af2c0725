"""Opening payments: one order for a key, and nothing charged, held or credited when the gateway is away."""

from __future__ import annotations

import asyncio
import json
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import IdempotencyInProgress, IdempotencyKeyReused
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayDeclined, GatewayUnavailable, PaymentNotFound
from tests.make.outside import NOBODY, Outside
from tests.make.payments import (
    NO_ANSWER,
    assert_clean,
    context_at,
    get_payment,
    make_payer,
    open_topup,
    paise_of,
    pay,
    request_topup,
    topics_of,
    transfers_of,
)

BROKEN = (
    "server_error_before",
    "server_error_after",
    "lost_connection_before",
    "lost_connection_after_accept",
    "garbage",
    "huge_body",
    "too_many_requests",
    "redirect",
)


def orders_at(outside: Outside, receipt: object) -> list[str]:
    state = outside.control("GET", "/sandbox/state")
    return [order["id"] for order in state["orders"] if order["receipt"] == str(receipt)]


async def test_an_order_is_made_once_and_its_money_is_in_the_wallet_once_it_is_paid(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)
    assert opened.status == "created"
    assert opened.checkout_url == f"{outside.base}/checkout/{opened.order_id}"
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "created"

    pay(outside, opened.order_id)
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "captured"
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "captured"
    assert await paise_of(stores, user_id) == 50_000
    assert await transfers_of(stores, user_id) == [("gateway:razorpay", "user:main", 50_000)]
    assert await topics_of(stores, user_id) == ["PaymentCreated", "PaymentCaptured"]
    await assert_clean(stores)


async def test_the_gateway_is_told_what_is_paid(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    notes = {"description": "Wallet top-up", "phone_number": "x" * 600}
    opened = (await request_topup(context, user_id, notes=notes)).answer
    order = next(
        row for row in outside.control("GET", "/sandbox/state")["orders"] if row["id"] == opened.order_id
    )
    assert json.loads(order["notes"]) == {"description": "Wallet top-up", "phone_number": "x" * 512}


async def test_the_same_key_gives_the_same_order_and_another_body_is_refused(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    first = await open_topup(context, user_id, key=key)
    again = await request_topup(context, user_id, key=key)
    assert (again.answer, again.replayed) == (first, True)
    assert len(orders_at(outside, first.payment_id)) == 1
    with pytest.raises(IdempotencyKeyReused):
        await open_topup(context, user_id, 60_000, key=key)


async def test_twenty_racing_requests_with_one_key_make_one_order(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    done = await asyncio.gather(
        *(open_topup(context, user_id, key=key) for _ in range(20)), return_exceptions=True
    )
    opened = [each for each in done if isinstance(each, payments.OpenPayment)]
    assert opened
    assert {each.order_id for each in opened} == {opened[0].order_id}
    assert all(isinstance(each, payments.OpenPayment | IdempotencyInProgress) for each in done)
    assert len(orders_at(outside, opened[0].payment_id)) == 1


@pytest.mark.parametrize("script", [*sorted(NO_ANSWER), *BROKEN])
async def test_a_gateway_that_fails_at_the_order_costs_nothing_and_the_same_key_works_later(
    script: str, context: PaymentContext, impatient: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    outside.script("gateway", "order", script, times=1)
    with pytest.raises(GatewayUnavailable):
        await open_topup(impatient if script in NO_ANSWER else context, user_id, key=key)
    assert await transfers_of(stores, user_id) == []
    assert await topics_of(stores, user_id) == []
    await assert_clean(stores)

    again = await request_topup(context, user_id, key=key)
    assert again.replayed
    opened = again.answer
    assert orders_at(outside, opened.payment_id) == [opened.order_id]
    pay(outside, opened.order_id)
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "captured"
    assert await paise_of(stores, user_id) == 50_000
    await assert_clean(stores)


async def test_a_slow_gateway_is_waited_for(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    outside.script("gateway", "order", "slow", seconds=1, times=1)
    assert (await open_topup(context, await make_payer(stores))).status == "created"


async def test_a_gateway_that_nobody_reaches_is_unavailable(context: PaymentContext, stores: Stores) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    nowhere = context_at(stores, NOBODY)
    with pytest.raises(GatewayUnavailable):
        await open_topup(nowhere, user_id, key=key)
    await nowhere.gateway.close()
    assert (await open_topup(context, user_id, key=key)).status == "created"


async def test_a_refused_order_is_a_refusal(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    outside.script("gateway", "order", "decline", times=1)
    with pytest.raises(GatewayDeclined):
        await open_topup(context, user_id, key=key)
    opened = await open_topup(context, user_id, key=key)
    assert (await get_payment(stores, user_id, opened.payment_id)).failure_reason is None


async def test_what_a_dead_process_began_is_taken_up_when_its_lease_has_run_out(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id, key = await make_payer(stores), str(uuid4())
    nowhere = context_at(stores, NOBODY)

    async def die(**_: object) -> None:
        raise KeyboardInterrupt

    nowhere.gateway.create_order = die  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        await open_topup(nowhere, user_id, key=key)
    await nowhere.gateway.close()
    with pytest.raises(IdempotencyInProgress):
        await open_topup(context, user_id, key=key)
    with clock.later(minutes=1):
        assert (await open_topup(context, user_id, key=key)).status == "created"


async def test_a_payment_of_another_customer_is_not_found(context: PaymentContext, stores: Stores) -> None:
    opened = await open_topup(context, await make_payer(stores))
    with pytest.raises(PaymentNotFound):
        await payments.ask_gateway(context, await make_payer(stores), opened.payment_id)


async def test_a_payment_that_was_cancelled_still_counts_when_it_is_paid(
    context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    user_id = await make_payer(stores)
    opened = await open_topup(context, user_id)

    async def cancel(db: AsyncSession) -> bool:
        return await payments.cancel(db, user_id, opened.payment_id, "abandoned")

    assert await stores.database.run(cancel)
    assert not await stores.database.run(cancel)
    pay(outside, opened.order_id)
    assert await payments.ask_gateway(context, user_id, opened.payment_id) == "captured"
    assert not await stores.database.run(cancel)
    assert await topics_of(stores, user_id) == ["PaymentCreated", "PaymentFailed", "PaymentCaptured"]
