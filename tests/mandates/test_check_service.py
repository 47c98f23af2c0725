"""What the gateway says of mandates, and telling it what was revoked here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.mandates import service as mandates
from gencharge.payments.context import PaymentContext
from gencharge.payments.service import ask_gateway
from tests.make.mandates import (
    approve,
    ask_for_mandate,
    check_due,
    make_mandate,
    mandate_of,
    revoke_at_bank,
    token_of,
    wake,
)
from tests.make.outside import NOBODY, Outside
from tests.make.payments import context_at, events_of, make_payer, pay


async def test_nobody_approves_it_for_a_day_and_it_has_ended(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await ask_for_mandate(context, user_id)
    with clock.later(hours=23):
        await check_due(context)
        assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "pending"
    with clock.later(hours=26):
        await check_due(context)
        row = await mandate_of(stores, user_id, mandate.mandate_id)
        assert (row.status, row.end_reason, row.next_check_at) == ("ended", "not_approved", None)
        # The rupee comes late after all: that wakes it.
        await approve(context, outside, user_id, mandate)
    row = await mandate_of(stores, user_id, mandate.mandate_id)
    assert (row.status, row.end_reason) == ("active", None)


async def test_revoked_at_the_bank_it_ends_once_the_gateway_says_so(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    await revoke_at_bank(context, stores, user_id, mandate.mandate_id)
    await wake(context, user_id, mandate.mandate_id)
    await check_due(context)
    row = await mandate_of(stores, user_id, mandate.mandate_id)
    assert (row.status, row.end_reason, row.next_check_at) == ("ended", "bank", None)
    [event] = await events_of(stores, user_id, "MandateEnded")
    assert event["reason"] == "bank"


async def test_it_is_looked_at_each_week_although_no_webhook_comes(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    await revoke_at_bank(context, stores, user_id, mandate.mandate_id)
    with clock.later(days=6):
        await check_due(context)
        assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "active"
    with clock.later(days=7, minutes=1):
        await check_due(context)
        assert (await mandate_of(stores, user_id, mandate.mandate_id)).status == "ended"


async def test_it_ends_by_itself_when_it_expires(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id, valid_months=1)
    with clock.later(days=32):
        await check_due(context)
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).end_reason == "expired"


async def test_the_gateway_is_told_of_what_was_revoked_here_until_it_answers(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    customer, token = await token_of(stores, user_id, mandate.mandate_id)
    await stores.database.run(lambda db: mandates.revoke(db, user_id, mandate.mandate_id))
    away = context_at(stores, NOBODY)
    await check_due(away)
    await away.gateway.close()
    [at_gateway] = await context.gateway.fetch_mandates(customer)
    assert at_gateway.status == "confirmed"
    with clock.later(minutes=1):
        await check_due(context)
    [at_gateway] = await context.gateway.fetch_mandates(customer)
    assert (at_gateway.token_id, at_gateway.status) == (token, "cancelled")
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).next_check_at is None


async def test_what_was_revoked_before_its_approval_is_cancelled_when_that_comes(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await ask_for_mandate(context, user_id)
    await stores.database.run(lambda db: mandates.revoke(db, user_id, mandate.mandate_id))
    pay(outside, mandate.order_id)
    await check_due(context)
    row = await mandate_of(stores, user_id, mandate.mandate_id)
    assert (row.status, row.end_reason) == ("ended", "customer")
    customer, _ = await token_of(stores, user_id, mandate.mandate_id)
    [at_gateway] = await context.gateway.fetch_mandates(customer)
    assert at_gateway.status == "cancelled"


@pytest.mark.parametrize("script", ["server_error_before", "garbage"])
async def test_an_answer_that_proves_nothing_changes_nothing(
    context: PaymentContext, outside: Outside, stores: Stores, script: str
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    outside.script("gateway", "fetch", script)
    await wake(context, user_id, mandate.mandate_id)
    await check_due(context)
    row = await mandate_of(stores, user_id, mandate.mandate_id)
    assert row.status == "active"
    assert row.next_check_at is not None
    assert row.next_check_at > clock.now(), "it is asked again later"


async def test_a_mandate_that_the_gateway_allows_less_is_not_charged_more(
    context: PaymentContext, outside: Outside, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await make_payer(stores)
    mandate = await ask_for_mandate(context, user_id, max_amount=500)
    fetch = context.gateway.fetch_mandates

    async def less(customer_id: str) -> object:
        return [replace(each, max_amount=20_000) for each in await fetch(customer_id)]

    monkeypatch.setattr(context.gateway, "fetch_mandates", less)
    await approve(context, outside, user_id, mandate)
    assert (await mandate_of(stores, user_id, mandate.mandate_id)).max_amount == 20_000


async def test_its_method_is_the_one_chosen_in_the_checkout(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await ask_for_mandate(context, user_id, payment_method="upi")
    pay(outside, mandate.order_id, method="card")
    await ask_gateway(context, user_id, mandate.payment_id)
    await wake(context, user_id, mandate.mandate_id)
    await check_due(context)
    row = await mandate_of(stores, user_id, mandate.mandate_id)
    assert (row.status, row.method) == ("active", "card")
    [event] = await events_of(stores, user_id, "MandateActivated")
    assert event["payment_method"] == "card"
