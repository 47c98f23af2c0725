"""Queueing messages for endpoints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert

from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.payments.events import (
    PaymentCaptured,
    RefundProcessed,
)
from gencharge.payments.models import Payment
from gencharge.recharge.schemas import Subscribe
from gencharge.recharge.service import pay_from_wallet
from gencharge.velocity.service import NO_LIMITS
from gencharge.wallet.models import PaymentMethod
from gencharge.webhooks import service
from gencharge.webhooks.models import WebhookDelivery
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.webhooks import (
    MESSAGE_CASES,
    PAID,
    REFUND,
)
from tests.webhooks.conftest import Partners, failed_recharge


async def test_each_endpoint_gets_what_it_asks_for_and_what_is_off_gets_nothing(partners: Partners) -> None:
    everything = await partners.join(events=["*"])
    recharges = await partners.join(events=["recharge.*"])
    captures = await partners.join(events=["payment.captured"])
    off = await partners.join(events=["*"])
    await partners.change(off.endpoint_id, is_active=False)
    await partners.happen(*(event for event, *_ in MESSAGE_CASES))
    received = {
        endpoint.endpoint_id: sorted(one.type for one in await partners.deliveries(endpoint.endpoint_id))
        for endpoint in (everything, recharges, captures, off)
    }
    kinds = sorted(kind for _, kind, *_ in MESSAGE_CASES)
    assert received == {
        everything.endpoint_id: kinds,
        recharges.endpoint_id: [kind for kind in kinds if kind.startswith("recharge.")],
        captures.endpoint_id: ["payment.captured"],
        off.endpoint_id: [],
    }


async def test_messages_carry_the_callers_reference_and_metadata_and_a_refunds_carry_none(
    partners: Partners,
) -> None:
    endpoint, stores = await partners.join(events=["*"]), partners.stores
    user_id, number = await make_customer(stores, 1_000), await make_number(stores)
    plan = await find_plan(stores, rupees=299)
    command = Subscribe(
        phone_number=number,
        plan_id=plan.plan_id,
        payment_method=PaymentMethod.WALLET,
        reference="R-1",
        metadata={"shop": "Pune 7"},
    )
    sale = await pay_from_wallet(
        stores.database, user_id, command, key="1", window_seconds=60, limits=NO_LIMITS
    )
    about = {"user_id": str(user_id), "recharge_id": str(sale.answer.recharge_id)}
    await partners.happen(
        failed_recharge(**about), failed_recharge(), RefundProcessed(**(REFUND | {"user_id": str(user_id)}))
    )
    data = {}
    for delivery in await partners.deliveries(endpoint.endpoint_id):
        async with stores.database.transaction() as db:
            message = orjson.loads(await Vault.of(db).show(delivery, WebhookDelivery.body))
        data[message["type"], message["data"]["user_id"]] = message["data"]
    assert len(data) == 3
    own = data.pop(("recharge.failed", str(user_id)))
    assert (own["reference"], own["metadata"]) == ("R-1", {"shop": "Pune 7"})
    assert all(other.get("reference") is None and other.get("metadata") is None for other in data.values())


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


async def test_where_nobody_listens_a_batch_costs_one_question(partners: Partners, queries: Any) -> None:
    with queries() as counted:
        await partners.happen(*(failed_recharge() for _ in range(50)))
    assert counted.statements == 1
    await partners.join()
    await partners.join()
    with queries() as counted:
        await partners.happen(*(failed_recharge() for _ in range(50)))
    # The endpoints, what callers called these recharges, and the messages.
    assert counted.statements == 3


async def test_messages_are_not_retried_for_longer_than_data_of_closed_accounts_is_kept(
    partners: Partners,
) -> None:
    settings = partners.stores.settings
    assert service.retry_for(settings) == service.RETRY_FOR
    assert service.retry_for(settings.model_copy(update={"erasure_after_days": 2})) == timedelta(days=2)
