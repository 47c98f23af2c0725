"""What makes us ask the gateway about a mandate at once."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.mandates import listeners
from gencharge.payments.context import PaymentContext
from gencharge.payments.events import PaymentCaptured
from gencharge.payments.service import ask_gateway
from tests.make.mandates import (
    ask_for_mandate,
    check_due,
    make_mandate,
    mandate_of,
    revoke_at_bank,
    token_of,
)
from tests.make.outside import Outside
from tests.make.payments import WEBHOOK, make_payer, pay, signed


async def report(client: httpx.AsyncClient, stores: Stores, kind: str, token_id: str) -> httpx.Response:
    """The gateway's webhook about a token."""
    entity: dict[str, Any] = {"id": token_id, "entity": "token", "recurring_details": {"status": "x"}}
    body = json.dumps({"entity": "event", "event": kind, "payload": {"token": {"entity": entity}}}).encode()
    headers = {
        "X-Razorpay-Signature": signed(stores, body),
        "X-Razorpay-Event-Id": f"evt_{secrets.token_hex(7)}",
        "Content-Type": "application/json",
    }
    return await client.post(WEBHOOK, content=body, headers=headers)


async def deliver(stores: Stores) -> None:
    """Hand the events to the mandates' listeners."""
    await Relay(stores, listeners.LISTENERS).drain()


async def test_the_rupees_capture_has_the_mandate_looked_at_now(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await ask_for_mandate(context, user_id)
    pay(outside, mandate.order_id)
    await ask_gateway(context, user_id, mandate.payment_id)
    await check_due(context)
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "pending", "too early to look"
    await deliver(stores)
    await check_due(context)
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "active"


async def test_among_other_payments_the_mandates_rupee_is_found(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    owner, stranger = await make_payer(stores), await make_payer(stores)
    paid, unpaid = await ask_for_mandate(context, owner), await ask_for_mandate(context, owner)
    pay(outside, paid.order_id)
    await ask_gateway(context, owner, paid.payment_id)

    def captured(user_id: UUID, payment_id: UUID, purpose: str = "topup") -> PaymentCaptured:
        return PaymentCaptured(
            user_id=str(user_id),
            payment_id=str(payment_id),
            purpose=purpose,
            reference_id=None,
            amount_paise=100,
            payment_method="upi",
        )

    others = [
        captured(owner, new_id()),
        captured(stranger, unpaid.payment_id),
        captured(owner, unpaid.payment_id, "recharge"),
    ]
    await stores.database.run(lambda db: emit(db, *others))
    await deliver(stores)
    checks = [(await mandate_of(stores, owner, each.mandate_id)).next_check_at for each in (paid, unpaid)]
    assert checks[0] is not None
    assert checks[1] is not None
    assert checks[0] <= clock.now() < checks[1]


async def test_a_webhook_about_a_revoked_token_ends_the_mandate(
    api: httpx.AsyncClient, context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    token = await revoke_at_bank(context, stores, user_id, mandate.mandate_id)
    assert (await report(api, stores, "token.cancelled", token)).status_code == 200
    await deliver(stores)
    await check_due(context)
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).end_reason == "bank"


@pytest.mark.parametrize("kind", ["token.cancelled", "token.rejected", "token.paused"])
async def test_a_webhook_is_a_hint_and_proves_nothing(
    api: httpx.AsyncClient, context: PaymentContext, outside: Outside, stores: Stores, kind: str
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    _, token = await token_of(stores, user_id, mandate.mandate_id)
    await report(api, stores, kind, token)
    await deliver(stores)
    await check_due(context)
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "active"


async def test_a_token_that_nobody_knows_is_taken_and_forgotten(
    api: httpx.AsyncClient, context: PaymentContext, stores: Stores
) -> None:
    del context
    token = f"token_{secrets.token_hex(7)}"
    assert (await report(api, stores, "token.confirmed", token)).status_code == 200
    await deliver(stores)
    async with stores.database.transaction() as db:
        outcome, body = (
            await db.execute(
                text("SELECT outcome, body::text FROM gateway_events ORDER BY received_at DESC LIMIT 1")
            )
        ).one()
    assert outcome == "reported"
    assert token not in body
