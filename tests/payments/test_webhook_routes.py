"""The gateway's webhooks: signed or refused, counted once, the same end and the same money in any order."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select

from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.payments import webhook_alerts
from gencharge.payments.context import PaymentContext
from gencharge.payments.models import GatewayEvent, Payment, PaymentOrder, PaymentStatus
from tests.make.outside import Outside
from tests.make.payments import (
    WEBHOOK,
    TopupOrder,
    assert_clean,
    drain,
    get_payment,
    make_payer,
    open_topup,
    pay,
    refunds_of,
    signed,
    topics_of,
    transfers_of,
)


async def outcomes(stores: Stores, order_id: str) -> list[str | None]:
    async with stores.database.transaction() as db:
        query = select(GatewayEvent.outcome).where(GatewayEvent.order_id == order_id)
        return list(await db.scalars(query.order_by(GatewayEvent.received_at)))


async def alerts(stores: Stores, topic: str) -> list[dict[str, Any]]:
    async with stores.database.transaction() as db:
        query = select(EventRow.payload).where(EventRow.user_id == SYSTEM_USER_ID, EventRow.topic == topic)
        return list(await db.scalars(query.order_by(EventRow.id)))


async def test_a_captured_payment_is_in_the_wallet_once_the_webhook_is_answered(order: TopupOrder) -> None:
    answer = await order.send("payment.captured")
    assert answer.status_code == 200
    assert answer.json() == {"outcome": "taken"}
    assert await order.status() == "captured"
    assert await order.paise() == 50_000


async def test_a_replay_is_answered_200_and_changes_nothing(order: TopupOrder, stores: Stores) -> None:
    for _ in range(3):
        assert (await order.send("payment.captured", event_id="evt_again")).status_code == 200
    # The same thing under another id, too.
    assert (await order.send("order.paid")).status_code == 200
    assert await order.paise() == 50_000
    assert await topics_of(stores, order.user_id) == ["PaymentCreated", "PaymentCaptured"]
    assert await outcomes(stores, order.opened.order_id) == ["captured", "already"]


async def test_fifty_copies_side_by_side_count_once(order: TopupOrder) -> None:
    same = [order.send("payment.captured", event_id="evt_fifty") for _ in range(25)]
    others = [order.send("payment.captured") for _ in range(25)]
    answers = await asyncio.gather(*same, *others)
    assert {answer.status_code for answer in answers} == {200}
    assert await order.paise() == 50_000


@pytest.mark.parametrize("signature", ["", "0" * 64, "not hex at all"])
async def test_a_wrong_signature_is_401_with_an_alert_and_changes_nothing(
    order: TopupOrder, stores: Stores, signature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_alerts, "_last", {})
    before = len(await alerts(stores, "WebhookRefused"))
    answer = await order.send("payment.captured", signature=signature)
    assert answer.status_code == 401
    assert answer.json()["code"] == "webhook_signature_invalid"
    raised = await alerts(stores, "WebhookRefused")
    assert len(raised) == before + 1
    assert raised[-1]["sender"] == "gateway:razorpay"
    assert raised[-1]["reason"] == ("signature_wrong" if signature else "signature_missing")
    assert await order.status() == "created"
    assert await outcomes(stores, order.opened.order_id) == []


async def test_the_signature_of_another_body_is_refused(order: TopupOrder, stores: Stores) -> None:
    signature = signed(stores, order.body("payment.failed"))
    assert (await order.send("payment.captured", signature=signature)).status_code == 401
    assert await order.paise() == 0


async def test_during_a_rotation_both_secrets_count(order: TopupOrder, stores: Stores, app: FastAPI) -> None:
    context = PaymentContext.of(app)
    old = context.settings
    body = order.body("payment.captured")
    by_new = hmac.new(b"the-new-secret-of-webhooks", body, hashlib.sha256).hexdigest()
    assert (await order.send("payment.captured", signature=by_new)).status_code == 401
    context.settings = old.model_copy(
        update={
            "payment_webhook_secret": SecretStr("the-new-secret-of-webhooks"),
            "payment_previous_webhook_secret": old.payment_webhook_secret,
        }
    )
    try:
        assert (await order.send("payment.captured", signature=by_new)).status_code == 200
        assert (await order.send("payment.captured")).status_code == 200  # by the old one
    finally:
        context.settings = old
    assert await order.paise() == 50_000


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"no json", b'{"event": 7, "payload": {}}', b'{"event": "x", "payload": 1}']
)
async def test_a_signed_body_that_is_no_event_is_malformed(
    client: httpx.AsyncClient, stores: Stores, body: bytes
) -> None:
    answer = await client.post(WEBHOOK, content=body, headers={"X-Razorpay-Signature": signed(stores, body)})
    assert answer.status_code == 400


async def test_no_personal_data_of_a_webhook_is_kept(order: TopupOrder, stores: Stores) -> None:
    await order.send("payment.captured")
    async with stores.database.transaction() as db:
        query = select(GatewayEvent.body).where(GatewayEvent.order_id == order.opened.order_id)
        assert "asha" not in json.dumps((await db.scalars(query)).one())


@pytest.mark.parametrize(
    "wrong", [{"amount": 49_999}, {"amount": 50_001}, {"amount": 0}, {"currency": "USD"}]
)
async def test_another_amount_or_currency_never_credits_and_is_announced_once(
    order: TopupOrder, stores: Stores, wrong: dict[str, Any]
) -> None:
    for event in ("payment.captured", "order.paid", "payment.authorized"):
        assert (await order.send(event, **wrong)).status_code == 200
    assert await order.paise() == 0
    assert await transfers_of(stores, order.user_id) == []
    assert await topics_of(stores, order.user_id) == ["PaymentCreated", "PaymentMismatched"]
    # What is right counts all the same.
    await order.send("payment.captured")
    assert await order.paise() == 50_000


async def test_an_event_that_names_another_order_counts_for_that_one_alone(
    order: TopupOrder, context: PaymentContext, stores: Stores
) -> None:
    other = await open_topup(context, await make_payer(stores), 70_000)
    await order.send("payment.captured", order_id=other.order_id)  # short-paid there, nothing here
    assert await order.status() == "created"
    assert await order.paise() == 0


async def test_the_second_payment_of_an_order_goes_back_to_its_source_once(
    order: TopupOrder, context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    pay(outside, order.opened.order_id)
    first = outside.control("GET", "/sandbox/state")["payments"][0]["id"]
    order.gateway_payment_id = first
    await order.send("payment.captured")
    for _ in range(2):
        await order.send("payment.captured", id="pay_second")
        await order.send("order.paid", id="pay_second")
    assert await order.paise() == 50_000
    (refund,) = await refunds_of(stores, order.user_id)
    assert (refund.gateway_payment_id, refund.amount, refund.from_account) == (
        "pay_second",
        50_000,
        "suspense",
    )
    assert ("gateway:razorpay", "suspense", 50_000) in await transfers_of(stores, order.user_id)
    assert "PaymentCapturedTwice" in await topics_of(stores, order.user_id)
    await assert_clean(stores)
    # The sandbox has no such payment: it neither pays nor proves that it can't, so the refund stays under way.
    await drain(context)
    (refund,) = await refunds_of(stores, order.user_id)
    assert refund.status == "created"
    assert await order.status() == "captured"


STEPS = ("payment.authorized", "payment.captured", "order.paid", "payment.failed", "payment.captured")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.permutations(STEPS), copies=st.lists(st.integers(0, 4), max_size=3))
async def test_every_order_of_the_events_ends_in_the_same_state_and_money(
    context: PaymentContext, stores: Stores, client: httpx.AsyncClient, steps: list[str], copies: list[int]
) -> None:
    user_id = await make_payer(stores)
    order = TopupOrder(stores, client, user_id, await open_topup(context, user_id))
    ids = [f"evt_{secrets.token_hex(7)}" for _ in steps]
    for number in [*range(len(steps)), *copies]:
        assert (await order.send(steps[number], event_id=ids[number])).status_code == 200
    assert await order.status() == "captured"
    assert await transfers_of(stores, user_id) == [("gateway:razorpay", "user:main", 50_000)]
    assert (await topics_of(stores, user_id)).count("PaymentCaptured") == 1


@pytest.mark.parametrize("steps", list(itertools.permutations(("payment.authorized", "payment.failed"))))
async def test_without_a_capture_the_farthest_state_stays(order: TopupOrder, steps: tuple[str, ...]) -> None:
    for step in steps:
        await order.send(step)
    assert await order.status() == "authorized"
    assert await order.paise() == 0


async def test_a_declined_payment_can_be_paid_by_another_try(order: TopupOrder, stores: Stores) -> None:
    await order.send("payment.failed", error_reason="payment_failed")
    payment = await get_payment(stores, order.user_id, order.opened.payment_id)
    assert (payment.status, payment.failure_reason) == (PaymentStatus.FAILED, "payment_failed")
    await order.send("payment.captured", id="pay_another")
    assert await order.status() == "captured"
    assert await topics_of(stores, order.user_id) == ["PaymentCreated", "PaymentFailed", "PaymentCaptured"]


async def test_an_event_of_an_unknown_order_waits_and_counts_once_the_order_is_known(
    order: TopupOrder, context: PaymentContext, stores: Stores, outside: Outside
) -> None:
    unknown = f"order_{secrets.token_hex(7)}"
    assert (await order.send("payment.captured", order_id=unknown)).status_code == 200
    assert await outcomes(stores, unknown) == [None]
    with clock.later(minutes=1):
        await drain(context)
    assert await outcomes(stores, unknown) == [None]

    async with stores.database.transaction() as db:
        payment = await db.get_one(Payment, (order.user_id, order.opened.payment_id))
        keys = {"user_id": payment.user_id, "payment_id": payment.payment_id, "gateway": payment.gateway}
        await db.delete(await db.get_one(PaymentOrder, order.opened.order_id))
        payment.order_id = unknown
        db.add(PaymentOrder(order_id=unknown, **keys))
    with clock.later(hours=2):
        await drain(context)
    assert await outcomes(stores, unknown) == ["captured"]
    assert await order.paise() == 50_000


async def test_an_event_of_an_order_that_stays_unknown_is_parked_after_a_day_with_an_alert(
    order: TopupOrder, context: PaymentContext, stores: Stores
) -> None:
    unknown = f"order_{secrets.token_hex(7)}"
    await order.send("payment.captured", order_id=unknown)
    for hours in (1, 12, 23, 25, 26, 27):
        with clock.later(hours=hours):
            await drain(context)
    assert await outcomes(stores, unknown) == ["parked"]
    raised = [each for each in await alerts(stores, "GatewayEventParked") if each["order_id"] == unknown]
    assert [each["reason"] for each in raised] == ["unknown_order"]


async def test_what_we_have_no_use_for_is_taken_and_forgotten(order: TopupOrder, stores: Stores) -> None:
    assert (await order.send("payment.dispute.created")).status_code == 200
    assert await outcomes(stores, order.opened.order_id) == ["ignored"]
