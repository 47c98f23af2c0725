"""What is told to whom: types, patterns, operators; and once, however often the relay hands an event out."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import insert, text

from gencharge.core.events.events import Envelope, Event, emit
from gencharge.core.events.relay import Relay
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.payments.events import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCreated,
    PaymentFailed,
    RefundFailed,
    RefundProcessed,
)
from gencharge.payments.models import Payment
from gencharge.recharge.events import PlanRecharged, RechargeAccepted, RechargePlaced, RechargeRefunded
from gencharge.webhooks.documentation_routes import example_of
from gencharge.webhooks.listeners import QUEUE_MESSAGES
from gencharge.webhooks.messages import MESSAGES, PATTERNS, TYPES, body_of, matches
from tests.money import buy, find_plan, make_customer, make_number
from tests.webhooks.conftest import Partners, failed_recharge

USER, OBJECT, PAYMENT = str(uuid4()), str(uuid4()), str(uuid4())
RECHARGE: dict[str, Any] = {
    "user_id": USER,
    "recharge_id": OBJECT,
    "phone_number": "+919876543210",
    "plan_name": "Rs 299",
    "operator": "JIO",
}
PAID: dict[str, Any] = {
    "user_id": USER,
    "payment_id": PAYMENT,
    "purpose": "recharge",
    "reference_id": OBJECT,
    "amount_paise": 20_000,
}
REFUND: dict[str, Any] = {
    "user_id": USER,
    "refund_id": OBJECT,
    "payment_id": PAYMENT,
    "amount_paise": 5_005,
}
# Event, type, status, amount as it is written.
TOLD: list[tuple[Event, str, str, str]] = [
    (
        RechargePlaced(**RECHARGE, payment_id=PAYMENT, gateway_paise=20_000, wallet_paise=9_900),
        "recharge.placed",
        "payment_pending",
        "299.00",
    ),
    (RechargeAccepted(**RECHARGE, held_paise=29_900), "recharge.accepted", "processing", "299.00"),
    (
        PlanRecharged(
            **RECHARGE,
            plan_id=OBJECT,
            status="queued",
            total_paid_paise=29_950,
            payment_method="wallet",
            source="web",
            valid_from="2026-11-20T10:00:00+05:30",
        ),
        "recharge.delivered",
        "queued",
        "299.50",
    ),
    (failed_recharge(**RECHARGE), "recharge.failed", "failed", "299.50"),
    (
        RechargeRefunded(**RECHARGE, amount_paise=10_000, reason="goodwill", in_full=False),
        "recharge.refunded",
        None,
        "100.00",
    ),
    (
        RechargeRefunded(**RECHARGE, amount_paise=29_900, reason="goodwill", in_full=True),
        "recharge.refunded",
        "refunded",
        "299.00",
    ),
    (
        PaymentCreated(**PAID, payment_method="upi", order_id="order_1"),
        "payment.created",
        "created",
        "200.00",
    ),
    (PaymentAuthorized(**PAID), "payment.authorized", "authorized", "200.00"),
    (PaymentCaptured(**PAID, payment_method="upi"), "payment.captured", "captured", "200.00"),
    (PaymentFailed(**PAID, reason="declined"), "payment.failed", "failed", "200.00"),
    (RefundProcessed(**REFUND), "refund.processed", "processed", "50.05"),
    (RefundFailed(**REFUND, reason="account_closed"), "refund.failed", "failed", "50.05"),
]


@pytest.mark.parametrize(("event", "kind", "status", "amount"), TOLD)
def test_an_event_becomes_a_message(event: Event, kind: str, status: str | None, amount: str) -> None:
    body = body_of(Envelope(new_id(), clock.now(), event, "", "", "", ""))
    message = json.loads(body)
    assert set(message) == {"type", "timestamp", "data"}
    assert (message["type"], message["data"]["status"]) == (kind, status)
    assert message["timestamp"].endswith("Z")
    assert f'"amount":{amount}' in body
    assert message["data"]["user_id"] == USER
    if "phone_number" in message["data"]:
        assert message["data"]["phone_number"] == "+919876543210"


def test_every_line_of_the_table_is_tried_here() -> None:
    assert {type(event) for event, *_ in TOLD} == set(MESSAGES)
    assert {kind for _, kind, *_ in TOLD} == set(TYPES)


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        (["*"], set(TYPES)),
        (["recharge.*"], {kind for kind in TYPES if kind.startswith("recharge.")}),
        (["payment.captured"], {"payment.captured"}),
        (["payment.captured", "refund.*"], {"payment.captured", "refund.processed", "refund.failed"}),
        ([], set()),
    ],
)
def test_patterns_choose(patterns: list[str], wanted: set[str]) -> None:
    assert {kind for kind in TYPES if matches(kind, patterns)} == wanted
    assert set(patterns) <= set(PATTERNS)


async def test_each_endpoint_gets_what_it_asks_for_and_what_is_off_gets_nothing(partners: Partners) -> None:
    everything = await partners.join(events=["*"])
    recharges = await partners.join(events=["recharge.*"])
    captures = await partners.join(events=["payment.captured"])
    off = await partners.join(events=["*"])
    await partners.change(off.endpoint_id, is_active=False)
    await partners.happen(*(event for event, *_ in TOLD))
    found = {
        endpoint.endpoint_id: sorted(one.type for one in await partners.deliveries(endpoint.endpoint_id))
        for endpoint in (everything, recharges, captures, off)
    }
    kinds = sorted(kind for _, kind, *_ in TOLD)
    assert found == {
        everything.endpoint_id: kinds,
        recharges.endpoint_id: [kind for kind in kinds if kind.startswith("recharge.")],
        captures.endpoint_id: ["payment.captured"],
        off.endpoint_id: [],
    }


async def test_an_endpoint_of_some_operators_gets_their_recharges_and_the_payments_of_those(
    partners: Partners,
) -> None:
    jio = await partners.join(operators=["jio"])
    airtel = await partners.join(operators=["AIRTEL", "VI"])
    assert jio.operators == ["JIO"]
    stores = partners.stores
    user_id = await make_customer(stores, 1_000)
    plan = await find_plan(stores, rupees=299)
    sale = await buy(stores, user_id, await make_number(stores), plan.plan_id)
    payment_id = await _paid(partners, user_id, sale.answer.subscription_id)
    top_up = PaymentCaptured(**(PAID | {"purpose": "topup", "reference_id": None}), payment_method="upi")
    of_recharge = {"user_id": str(user_id), "payment_id": str(payment_id)}
    await partners.happen(
        failed_recharge(operator="JIO"),
        failed_recharge(operator="AIRTEL"),
        RefundProcessed(**(REFUND | of_recharge)),
        top_up,
    )
    assert [one.type for one in await partners.deliveries(jio.endpoint_id)] == [
        "recharge.failed",
        "refund.processed",
    ]
    assert [one.type for one in await partners.deliveries(airtel.endpoint_id)] == ["recharge.failed"]


async def _paid(partners: Partners, user_id: UUID, recharge_id: UUID) -> UUID:
    payment_id = new_id()
    row = {
        "user_id": user_id,
        "payment_id": payment_id,
        "purpose": "recharge",
        "reference_id": recharge_id,
        "amount": 29_900,
        "method": "upi",
        "source": "web",
        "status": "failed",
        "gateway": "razorpay",
        "idempotency_key": str(payment_id),
        "request_hash": b"",
    }
    await partners.stores.database.run(lambda db: db.execute(insert(Payment).values(**row)))
    return payment_id


async def test_an_event_that_is_handed_out_twice_becomes_one_message(partners: Partners) -> None:
    endpoint = await partners.join()
    batch = await partners.happen(failed_recharge(), failed_recharge())
    await QUEUE_MESSAGES.deliver(partners.stores, batch)
    await QUEUE_MESSAGES.deliver(partners.stores, batch[1:])
    found = await partners.deliveries(endpoint.endpoint_id)
    assert sorted(one.event_id for one in found) == sorted(one.id for one in batch)


async def test_two_relays_that_hold_the_same_event_make_one_message(partners: Partners, relay: Relay) -> None:
    endpoint = await partners.join(events=["recharge.failed"])
    event = failed_recharge()
    await partners.stores.database.run(lambda db: emit(db, event))
    # The listener is called by one relay, and that one dies before it settles.
    async with partners.stores.database.transaction() as db:
        row = (await db.execute(text("SELECT * FROM events WHERE topic = 'RechargeFailed'"))).mappings().one()
    envelope = Envelope(row["id"], row["occurred_at"], event, "", "", "system", "")
    await QUEUE_MESSAGES.deliver(partners.stores, [envelope])
    await relay.drain()
    assert (await partners.delivery(endpoint.endpoint_id)).event_id == envelope.id


async def test_where_nobody_listens_a_batch_costs_one_question(partners: Partners, queries: Any) -> None:
    with queries() as counted:
        await partners.happen(*(failed_recharge() for _ in range(50)))
    assert counted.statements == 1
    await partners.join()
    await partners.join()
    with queries() as counted:
        await partners.happen(*(failed_recharge() for _ in range(50)))
    assert counted.statements == 2


def test_every_type_is_described_in_openapi_with_an_example(app: FastAPI) -> None:
    described = app.openapi()["webhooks"]
    assert set(described) == set(TYPES)
    for kind, (name, _) in MESSAGES.items():
        content = described[name]["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"][name]["value"]["type"] == example_of(kind)["type"] == name
        assert example_of(kind)["data"]["amount"] == 299
