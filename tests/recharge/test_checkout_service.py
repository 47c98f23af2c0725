"""Recharges that a gateway pays, wholly or beside the wallet, against the sandbox's gateway."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from gencharge.core.errors import IdempotencyInProgress, IdempotencyKeyReused, ReferenceAlreadyUsed
from gencharge.core.events.relay import Relay
from gencharge.core.http.idempotency import Answered
from gencharge.core.rooms import process
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.money import Money
from gencharge.delivery import jobs as delivery_jobs
from gencharge.notifications.speech import spaced
from gencharge.payments import service as payments
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayUnavailable
from gencharge.payments.models import Payment
from gencharge.payments.razorpay import Razorpay
from gencharge.recharge import checkout_service as checkout
from gencharge.recharge.errors import AmountInvalid, PriceChanged, WalletAmountInvalid
from gencharge.recharge.models import ActivePlan, Recharge
from gencharge.recharge.schemas import Subscribe, SubscriptionOut
from gencharge.users.models import User
from gencharge.velocity.errors import VelocityLimitExceeded
from gencharge.velocity.service import NO_LIMITS, Limits
from gencharge.wallet import service as wallet
from gencharge.wallet.errors import InsufficientBalance
from tests.make import factories
from tests.make.money import balance, buy, find_plan, find_talktime, fund, make_customer, make_number
from tests.make.outside import NOBODY, Outside, sandbox
from tests.make.recharge import assert_books_balance
from tests.make.users import events_of
from tests.make.velocity import limits, list_held_back
from tests.make.wallet import history_of

_keys = itertools.count()


@pytest.fixture(scope="module")
def outside(shop: Stores) -> Iterator[Outside]:
    with sandbox(shop.settings) as running:
        yield running


@pytest.fixture
async def context(shop: Stores, outside: Outside) -> AsyncIterator[PaymentContext]:
    """Payments with a gateway in the sandbox."""
    outside.reset()
    settings: Settings = shop.settings.model_copy(update={"payment_gateway_url": outside.base})
    context = PaymentContext(settings, shop.database, Razorpay(settings))
    yield context
    await context.gateway.close()


class Customer:
    """A customer with a wallet, who buys Jio's Rs 299 plan."""

    def __init__(
        self, stores: Stores, context: PaymentContext, user: User, number: str, plan_id: UUID
    ) -> None:
        self.stores, self.context, self.user, self.number, self.plan_id = (
            stores,
            context,
            user,
            number,
            plan_id,
        )

    async def buy(
        self, *, key: str | None = None, limits: Limits = NO_LIMITS, **overrides: object
    ) -> Answered[SubscriptionOut]:
        command = Subscribe.model_validate(
            {"phone_number": self.number, "plan_id": self.plan_id, "payment_method": "upi", **overrides}
        )
        key = key or f"key-{next(_keys)}"
        return await checkout.pay_through_gateway(
            self.context, self.user.user_id, command, key=key, window_seconds=60, limits=limits
        )

    async def wallet(self) -> tuple[int, int]:
        """What can be spent, and what is held; in rupees."""
        shown = await wallet.show(self.stores.database, self.user.user_id, self.stores.settings)
        return shown.balance.paise // 100, shown.held.paise // 100

    async def recharge(self, sale: Answered[SubscriptionOut]) -> Recharge:
        async with self.stores.database.transaction() as db:
            return await db.get_one(Recharge, (self.user.user_id, sale.answer.subscription_id))

    async def plan(self, sale: Answered[SubscriptionOut]) -> str:
        async with self.stores.database.transaction() as db:
            return (await db.get_one(ActivePlan, (self.number, sale.answer.subscription_id))).status

    async def payments(self) -> list[Payment]:
        async with self.stores.database.transaction() as db:
            return list(await db.scalars(select(Payment).where(Payment.user_id == self.user.user_id)))

    async def ask(self, sale: Answered[SubscriptionOut]) -> None:
        assert sale.answer.payment is not None
        await payments.ask_gateway(self.context, self.user.user_id, sale.answer.payment.payment_id)


async def customer(stores: Stores, context: PaymentContext, rupees: int = 200) -> Customer:
    user = await stores.database.run(factories.make_user)
    if rupees:
        await fund(stores, user.user_id, rupees)
    plan = await find_plan(stores)
    return Customer(stores, context, user, await make_number(stores), plan.plan_id)


def pay(outside: Outside, sale: Answered[SubscriptionOut], outcome: str = "succeed") -> None:
    assert sale.answer.payment is not None
    outside.control("POST", f"/sandbox/orders/{sale.answer.payment.order_id}/pay", {"outcome": outcome})


@pytest.mark.parametrize("wallet_amount", [None, 150])
async def test_the_plan_starts_when_the_payment_is_captured(
    shop: Stores, context: PaymentContext, outside: Outside, relay: Relay, wallet_amount: int | None
) -> None:
    asha = await customer(shop, context)
    sale = await asha.buy(wallet_amount=wallet_amount)
    due = sale.answer.payment
    assert sale.answer.status == "payment_pending"
    assert due is not None
    assert due.amount.paise == 29_900 - (wallet_amount or 0) * 100
    assert due.checkout_url == f"{outside.base}/checkout/{due.order_id}"
    page = httpx.get(due.checkout_url).text
    assert sale.answer.plan_name in page
    assert sale.answer.phone_number in page
    assert await asha.wallet() == (200 - (wallet_amount or 0), wallet_amount or 0)
    assert await asha.plan(sale) == "pending"
    await assert_books_balance(shop)

    pay(outside, sale)
    await asha.ask(sale)
    await assert_books_balance(shop)
    (_, row) = await history_of(shop, asha.user.user_id)
    assert (row.status, row.description) == ("pending", f"Recharge of {spaced(asha.number)} with JIO")
    await relay.drain()
    (_, delivered) = await history_of(shop, asha.user.user_id)
    assert (delivered.transaction_id, delivered.status) == (row.transaction_id, "completed")
    assert (delivered.amount, delivered.wallet_change.paise) == (Money(29_900), -100 * (wallet_amount or 0))
    assert (await asha.recharge(sale)).status == "delivered"
    assert await asha.plan(sale) == "active"
    assert await asha.wallet() == (200 - (wallet_amount or 0), 0)
    await assert_books_balance(shop)


async def test_a_repeat_gets_the_first_answer_and_the_same_order(
    shop: Stores, context: PaymentContext, outside: Outside, relay: Relay
) -> None:
    asha = await customer(shop, context)
    first = await asha.buy(key="once")
    again = await asha.buy(key="once")
    assert again.replayed
    assert again.answer == first.answer
    pay(outside, first)
    await asha.ask(first)
    await relay.drain()
    late = await asha.buy(key="once")
    assert late.answer.subscription_id == first.answer.subscription_id
    assert late.answer.payment is not None
    assert late.answer.payment.status == "captured"
    assert len(await asha.payments()) == 1
    with pytest.raises(IdempotencyKeyReused):
        await asha.buy(key="once", payment_method="card")


async def test_the_payment_of_a_recharge_carries_its_reference_and_a_used_one_reaches_no_gateway(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    asha = await customer(shop, context)
    noted: dict[str, object] = {"reference": "R-1", "metadata": {"shop": "Pune 7"}}
    # Refused before there is an order, and so is the reference still free.
    with pytest.raises(PriceChanged):
        await asha.buy(expected_price=1, **noted)
    sale = await asha.buy(key="with-a-reference", **noted)
    again = await asha.buy(key="with-a-reference", **noted)
    assert (again.replayed, again.answer) == (True, sale.answer)
    assert (sale.answer.reference, sale.answer.metadata) == ("R-1", {"shop": "Pune 7"})
    [paying] = await asha.payments()
    async with shop.database.transaction() as db:
        assert await payments.metadata_of(db, paying) == {"shop": "Pune 7"}
    assert paying.caller_reference == "R-1"
    with pytest.raises(ReferenceAlreadyUsed) as refused:
        await asha.buy(**noted)
    assert refused.value.extra["recharge_id"] == sale.answer.recharge_id
    assert len(await asha.payments()) == 1


async def test_ten_requests_at_once_with_one_key_make_one_recharge_and_one_payment(
    shop: Stores, context: PaymentContext
) -> None:
    asha = await customer(shop, context)
    done = await asyncio.gather(*(asha.buy(key="race") for _ in range(10)), return_exceptions=True)
    sales = [each for each in done if isinstance(each, Answered)]
    assert all(isinstance(each, Answered | IdempotencyInProgress) for each in done)
    assert len({sale.answer.subscription_id for sale in sales}) == 1
    assert len(await asha.payments()) == 1


async def test_a_declined_payment_frees_the_wallets_part_at_once(
    shop: Stores, context: PaymentContext, outside: Outside, relay: Relay
) -> None:
    asha = await customer(shop, context)
    sale = await asha.buy(wallet_amount=150)
    pay(outside, sale, "fail")
    await asha.ask(sale)
    await shop.database.run(
        lambda db: payments.cancel(db, asha.user.user_id, sale.answer.payment.payment_id, "declined")  # type: ignore[union-attr]
    )
    await relay.drain()
    recharge = await asha.recharge(sale)
    assert (recharge.status, recharge.failure_reason) == ("failed", "payment_failed")
    assert await asha.plan(sale) == "cancelled"
    assert await asha.wallet() == (200, 0)
    await assert_books_balance(shop)


async def test_a_payment_that_comes_after_its_recharge_was_cancelled_is_in_the_wallet(
    shop: Stores, context: PaymentContext, outside: Outside, relay: Relay
) -> None:
    asha = await customer(shop, context)
    sale = await asha.buy(wallet_amount=150)
    assert sale.answer.payment is not None
    payment_id = sale.answer.payment.payment_id
    await shop.database.run(lambda db: payments.cancel(db, asha.user.user_id, payment_id, "abandoned"))
    await relay.drain()
    assert await asha.wallet() == (200, 0)
    pay(outside, sale)
    await asha.ask(sale)
    await relay.drain()
    assert await asha.wallet() == (349, 0)
    assert (await asha.recharge(sale)).status == "failed"
    await assert_books_balance(shop)


async def test_a_gateway_that_is_away_holds_nothing_and_the_same_key_works_later(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    asha = await customer(shop, context)
    settings = context.settings.model_copy(update={"payment_gateway_url": NOBODY})
    asha.context = PaymentContext(settings, shop.database, Razorpay(settings))
    with pytest.raises(GatewayUnavailable):
        await asha.buy(key="later", wallet_amount=150)
    assert await asha.wallet() == (200, 0)
    await asha.context.gateway.close()
    asha.context = context
    sale = await asha.buy(key="later", wallet_amount=150)
    assert sale.answer.status == "payment_pending"
    assert len(await asha.payments()) == 1


@pytest.mark.parametrize(
    ("part", "problem"),
    [(201, InsufficientBalance), (298.5, WalletAmountInvalid), (299, WalletAmountInvalid)],
)
async def test_a_wallet_part_that_cannot_be_is_refused_before_the_gateway_is_asked(
    shop: Stores, context: PaymentContext, part: float, problem: type[Exception]
) -> None:
    asha = await customer(shop, context, rupees=200 if part == 201 else 400)
    with pytest.raises(problem):
        await asha.buy(wallet_amount=part)
    assert await asha.payments() == []


async def test_a_wallet_alone_takes_no_part(client: httpx.AsyncClient, shop: Stores, app: FastAPI) -> None:
    user = await shop.database.run(factories.make_user)
    headers = factories.headers_for(app.state.settings, user) | {"Idempotency-Key": "x"}
    body = {"phone_number": "9876543210", "plan_id": str(user.user_id), "payment_method": "wallet"}
    answer = await client.post("/v1/recharge/subscribe", headers=headers, json=body | {"wallet_amount": 5})
    assert answer.status_code == 422
    assert "wallet_amount" in answer.text


async def test_over_http_the_whole_way(
    shop: Stores,
    context: PaymentContext,
    outside: Outside,
    app: FastAPI,
    client: httpx.AsyncClient,
    relay: Relay,
) -> None:
    before = PaymentContext.of(app)
    process.put(app, context)
    try:
        asha = await customer(shop, context)
        headers = factories.headers_for(app.state.settings, asha.user) | {"Idempotency-Key": "http-1"}
        body = {"phone_number": asha.number, "plan_id": str(asha.plan_id), "payment_method": "card"}
        answer = await client.post("/v1/recharge/subscribe", headers=headers, json=body)
        assert answer.status_code == 201, answer.text
        sale = answer.json()
        assert (sale["status"], sale["total_paid"]) == ("payment_pending", 0.0)
        outside.control("POST", f"/sandbox/orders/{sale['payment']['order_id']}/pay", {"outcome": "succeed"})
        payment_id = UUID(sale["payment"]["payment_id"])
        await payments.ask_gateway(context, asha.user.user_id, payment_id)
        await relay.drain()
        shown = await client.get(f"/v1/recharge/{sale['subscription_id']}", headers=headers)
        assert (shown.json()["status"], shown.json()["gateway_amount"]) == ("active", 299.0)
    finally:
        process.put(app, before)
    await delivery_jobs.alert_stuck_recharges(shop)
    await assert_books_balance(shop)


async def test_what_a_velocity_rule_refuses_never_reaches_the_gateway(
    shop: Stores, context: PaymentContext, outside: Outside
) -> None:
    asha, bound = await customer(shop, context), limits(recharge_sum_in_a_day=29_900)
    first = await asha.buy(key="first", limits=bound)
    orders = outside.control("GET", "/sandbox/state")["orders"]
    with pytest.raises(VelocityLimitExceeded):
        await asha.buy(limits=bound, confirm_duplicate=True)
    assert outside.control("GET", "/sandbox/state")["orders"] == orders
    assert len(await asha.payments()) == 1
    [row] = await list_held_back(shop, asha.user.user_id)
    assert (row.rule, row.attempts) == ("recharge_sum_in_a_day", 1)
    # A repeat of what was sold counts for nothing.
    again = await asha.buy(key="first", limits=bound)
    assert (again.replayed, again.answer.payment) == (True, first.answer.payment)


# Any amount


async def test_talktime_for_any_amount_is_charged_once_and_credits_what_the_tariff_says(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop, 500), await make_number(shop), await find_talktime(shop)
    sale = await buy(shop, user_id, number, plan.plan_id, key="any", amount=37)
    answer = sale.answer
    assert (answer.price, answer.total_paid, answer.talktime) == (
        Money.rupees(37),
        Money.rupees(37),
        Money.rupees("28.36"),
    )
    again = await buy(shop, user_id, number, plan.plan_id, key="any", amount=37)
    assert (again.replayed, again.answer) == (True, answer)
    with pytest.raises(IdempotencyKeyReused):
        await buy(shop, user_id, number, plan.plan_id, key="any", amount=38)
    assert await balance(shop, user_id) == Money.rupees(463)
    (_, row) = await history_of(shop, user_id)
    assert (row.amount, row.wallet_change.paise) == (Money.rupees(37), -37_00)
    [event] = await events_of(shop, user_id, "PlanRecharged")
    assert event["talktime_paise"] == 28_36
    await assert_books_balance(shop)


@pytest.mark.parametrize("amount", [None, 9, 10.5, 2_001])
async def test_an_amount_that_is_not_sold_is_refused_with_the_field_and_takes_nothing(
    shop: Stores, amount: float | None
) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_talktime(shop)
    with pytest.raises(AmountInvalid) as refused:
        await buy(shop, user_id, number, plan.plan_id, amount=amount)
    assert refused.value.errors == [
        {
            "field": "body.amount",
            "message": "Must be from 10.00 to 2000.00 in steps of 1.00",
            "code": "amount_invalid",
        }
    ]
    assert refused.value.extra["maximum"] == Money.rupees(2_000)
    with pytest.raises(AmountInvalid) as refused:
        await buy(shop, user_id, number, (await find_plan(shop)).plan_id, amount=299)
    assert refused.value.errors is not None
    assert "left out" in refused.value.errors[0]["message"]
    assert await balance(shop, user_id) == Money.rupees(5_000)


async def test_any_amount_through_the_gateway_is_ordered_for_what_the_wallet_leaves(
    shop: Stores, context: PaymentContext, outside: Outside, relay: Relay
) -> None:
    asha, plan = await customer(shop, context), await find_talktime(shop)
    with pytest.raises(AmountInvalid):
        await asha.buy(plan_id=plan.plan_id, amount=5)
    assert await asha.payments() == [], "the gateway heard of nothing"
    sale = await asha.buy(plan_id=plan.plan_id, amount=120, wallet_amount=50)
    assert sale.answer.payment is not None
    assert (sale.answer.payment.amount, sale.answer.talktime) == (Money.rupees(70), Money.rupees("98.69"))
    pay(outside, sale)
    await asha.ask(sale)
    await relay.deliver()
    delivered = await events_of(shop, asha.user.user_id, "PlanRecharged")
    row = await asha.recharge(sale)
    assert (row.status, row.price, row.talktime) == ("delivered", 120_00, 98_69)
    [event] = delivered
    assert event["talktime_paise"] == 98_69
    assert await asha.plan(sale) == "active"
    await assert_books_balance(shop)


async def test_no_race_of_any_amounts_spends_more_than_the_wallet_holds(shop: Stores) -> None:
    user_id, number, plan = await make_customer(shop, 300), await make_number(shop), await find_talktime(shop)
    chance = random.Random(3)
    asked = [chance.randint(10, 120) for _ in range(20)]

    async def top_up(rupees: int) -> int:
        try:
            sale = await buy(shop, user_id, number, plan.plan_id, amount=rupees, confirm_duplicate=True)
        except InsufficientBalance:
            return 0
        assert sale.answer.price == Money.rupees(rupees)
        return rupees

    spent = sum(await asyncio.gather(*(top_up(rupees) for rupees in asked)))
    left = (await balance(shop, user_id)).paise // 100
    assert spent + left == 300
    assert left < max(asked)
    await assert_books_balance(shop)
