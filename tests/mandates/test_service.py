"""Asking for mandates, revoking them, and charging them."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.mandates import service as mandates
from gencharge.mandates.errors import (
    MandateAmountExceeded,
    MandateLimitExceeded,
    MandateNotActive,
    MandateNotFound,
)
from gencharge.mandates.schemas import MandateCreate, MandateQuery
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayUnavailable
from gencharge.payments.service import Charge
from tests.make.mandates import ask_for_mandate, make_mandate, mandate_of, token_of
from tests.make.outside import NOBODY, Outside
from tests.make.payments import (
    assert_clean,
    context_at,
    events_of,
    get_payment,
    make_payer,
    open_topup,
    paise_of,
)


async def test_a_mandate_costs_a_rupee_that_goes_into_the_wallet(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    created = await ask_for_mandate(context, user_id, max_amount=1000)
    assert (created.status, created.amount, created.checkout_url) == (
        "pending",
        Money.rupees(1),
        f"{outside.base}/checkout/{created.order_id}",
    )
    approved = await make_mandate(context, outside, user_id, max_amount=1000)
    shown = await stores.database.run(lambda db: mandates.show(db, user_id, approved.mandate_id))
    assert (shown.status, shown.max_amount, shown.payment_method) == ("active", Money.rupees(1000), "upi")
    assert await paise_of(stores, user_id) == 100
    [event] = await events_of(stores, user_id, "MandateActivated")
    assert event["max_amount_paise"] == 100_000
    await assert_clean(stores)


async def test_the_gateways_ids_are_encrypted_and_found_by_a_hash(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    customer, token = await token_of(stores, user_id, mandate.mandate_id)
    assert customer.startswith("cust_")
    assert token.startswith("token_")
    async with stores.database.transaction() as db:
        query = text(
            "SELECT (SELECT string_agg(m::text, '') FROM mandates m) || (SELECT string_agg(t::text, '') FROM mandate_tokens t)"
            " || coalesce((SELECT string_agg(e::text, '') FROM events e), '')"
        )
        stored: str = await db.scalar(query)
    assert customer not in stored
    assert token not in stored


async def test_the_same_key_is_the_same_mandate(context: PaymentContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    command = MandateCreate.model_validate({"payment_method": "card", "max_amount": 500})
    first = await mandates.create(context, user_id, command, key="k")
    again = await mandates.create(context, user_id, command, key="k")
    assert (again.replayed, again.answer) == (True, first.answer)


async def test_racing_requests_with_one_key_are_one_mandate(context: PaymentContext, stores: Stores) -> None:
    user_id = await make_payer(stores)
    results = await asyncio.gather(
        *(ask_for_mandate(context, user_id, key="k") for _ in range(5)), return_exceptions=True
    )
    ids = {result.mandate_id for result in results if not isinstance(result, BaseException)}
    page = await stores.database.run(lambda db: mandates.list_mandates(db, user_id, MandateQuery()))
    assert {item.mandate_id for item in page.items} == ids
    assert len(ids) == 1


async def test_an_eleventh_mandate_is_refused(
    context: PaymentContext, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = await make_payer(stores)
    monkeypatch.setattr(mandates, "MAX_LIVE", 1)
    first = await ask_for_mandate(context, user_id)
    with pytest.raises(MandateLimitExceeded):
        await ask_for_mandate(context, user_id)
    await stores.database.run(lambda db: mandates.revoke(db, user_id, first.mandate_id))
    await ask_for_mandate(context, user_id)


async def test_without_the_gateway_nothing_is_written(context: PaymentContext, stores: Stores) -> None:
    del context
    user_id = await make_payer(stores)
    away = context_at(stores, NOBODY)
    with pytest.raises(GatewayUnavailable):
        await ask_for_mandate(away, user_id)
    await away.gateway.close()
    page = await stores.database.run(lambda db: mandates.list_mandates(db, user_id, MandateQuery()))
    assert page.items == []


async def test_another_customers_mandate_is_not_found(context: PaymentContext, stores: Stores) -> None:
    mandate = await ask_for_mandate(context, await make_payer(stores))
    stranger = await make_payer(stores)
    for verb in (mandates.show, mandates.revoke):
        with pytest.raises(MandateNotFound):
            await stores.database.run(lambda db, verb=verb: verb(db, stranger, mandate.mandate_id))


async def charge(
    context: PaymentContext, user_id: UUID, mandate_id: UUID, paise: int = 29_900
) -> tuple[Charge, UUID]:
    """Charge a new top-up of this amount: the outcome, and the payment."""
    opened = await open_topup(context, user_id, paise)
    result = await mandates.charge(context, user_id, mandate_id, opened.payment_id, Money(paise))
    return result, opened.payment_id


async def test_a_charge_takes_the_money_at_once(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    result, payment_id = await charge(context, user_id, mandate.mandate_id)
    payment = await get_payment(stores, user_id, payment_id)
    assert (result, payment.status, payment.mandate_id) == (Charge.ASKED, "captured", mandate.mandate_id)
    assert await paise_of(stores, user_id) == 100 + 29_900
    await assert_clean(stores)


async def test_a_charge_above_the_highest_amount_is_not_asked_for(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    with pytest.raises(MandateAmountExceeded):
        await charge(context, user_id, mandate.mandate_id, 50_001)
    result, _ = await charge(context, user_id, mandate.mandate_id, 50_000)
    assert result is Charge.ASKED


async def test_a_mandate_that_is_pending_revoked_or_expired_is_not_charged(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    pending = await ask_for_mandate(context, user_id)
    with pytest.raises(MandateNotActive):
        await charge(context, user_id, pending.mandate_id)
    mandate = await make_mandate(context, outside, user_id, valid_months=1)
    with clock.later(days=32), pytest.raises(MandateNotActive):
        await charge(context, user_id, mandate.mandate_id)
    await stores.database.run(lambda db: mandates.revoke(db, user_id, mandate.mandate_id))
    with pytest.raises(MandateNotActive):
        await charge(context, user_id, mandate.mandate_id)


async def test_a_refused_charge_has_the_gateway_asked_about_the_mandate(
    context: PaymentContext, outside: Outside, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    await context.gateway.cancel_mandate(*await token_of(stores, user_id, mandate.mandate_id))
    result, payment_id = await charge(context, user_id, mandate.mandate_id)
    assert result is Charge.REFUSED
    assert (await get_payment(stores, user_id, payment_id)).failure_reason == "mandate_refused"
    row = await mandate_of(stores, user_id, mandate.mandate_id)
    assert row.next_check_at is not None
    assert row.next_check_at <= clock.now()


async def test_revoking_twice_ends_it_once(context: PaymentContext, outside: Outside, stores: Stores) -> None:
    user_id = await make_payer(stores)
    mandate = await make_mandate(context, outside, user_id)
    for _ in range(2):
        await stores.database.run(lambda db: mandates.revoke(db, user_id, mandate.mandate_id))
    [event] = await events_of(stores, user_id, "MandateEnded")
    assert event["reason"] == "customer"


async def test_a_mandate_of_one_month_from_31_january_ends_on_the_last_day_of_february(
    context: PaymentContext, stores: Stores
) -> None:
    user_id = await make_payer(stores)
    with clock.at(clock.start_of_day(clock.now().date().replace(year=2028, month=2, day=1))):
        # Midnight in India on 1 February is 18:30 on 31 January in UTC.
        mandate = await ask_for_mandate(context, user_id, valid_months=1)
    assert mandate.expires_at.isoformat() == "2028-02-29T18:30:00+00:00"
