"""What a run costs with offers: what the customer would pay by hand, within the highest amount, announced a day before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from gencharge.autopay import run_service as runs
from gencharge.autopay import service as autopays
from gencharge.autopay.models import RunOutcome
from gencharge.autopay.schemas import AutopayCreate, AutopayOut, AutopayUpdate
from gencharge.autopay.settling_service import Run
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.offers.service import OfferSnapshot
from gencharge.payments.context import PaymentContext
from gencharge.plans.models import Plan
from gencharge.recharge.service import Market
from tests.autopay.test_run_service import claim_one
from tests.make.autopay import make_autopay, make_owner, recharges_of, row_of, run_due
from tests.make.money import balance, find_plan, make_number
from tests.make.offers import flat, market_of, publish, used
from tests.make.recharge import assert_books_balance, run_sql
from tests.make.users import events_of


async def offered(
    shop: Stores, reward: dict[str, Any] | None = None, **terms: Any
) -> tuple[Plan, OfferSnapshot]:
    """A plan of Vi that no other test sells, and an offer for it alone: Rs 50 off."""
    plan = await find_plan(shop, "VI")
    return plan, await publish(shop, reward, conditions={"plans": [str(plan.plan_id)]}, **terms)


async def withdraw(shop: Stores, offer: OfferSnapshot) -> None:
    """Nobody can have the offer any more. A process that holds it in memory does not know that yet."""
    await run_sql(shop, "UPDATE offers SET status = 'inactive' WHERE offer_id = :id", id=offer.offer_id)


async def subscribed(shop: Stores, plan: Plan, user_id: UUID, **fields: Any) -> AutopayOut:
    return await make_autopay(shop, user_id, operator="VI", plan_id=plan.plan_id, **fields)


async def run_with(shop: Stores, autopay: AutopayOut, market: Market) -> Run:
    """One step of the autopay, by a worker that knows this market."""
    return await runs.process(PaymentContext.at(shop), await claim_one(shop, autopay), market)


async def test_an_autopay_has_the_offer_that_its_owner_would_get_by_hand(shop: Stores) -> None:
    plan, offer = await offered(shop)
    user_id = await make_owner(shop)
    await subscribed(shop, plan, user_id)
    with clock.later(days=1, minutes=1):
        await run_due(shop)
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    paid = plan.price_paise - 5_000
    assert notice["price_paise"] == paid
    with clock.later(days=2, seconds=1):
        await run_due(shop)
    [recharge] = await recharges_of(shop, user_id)
    assert (recharge.offer_id, recharge.discount, recharge.wallet_amount) == (offer.offer_id, 5_000, paid)
    assert (await balance(shop, user_id)).paise == 100_000 - paid
    assert await used(shop, offer.offer_id) == (1, 5_000)
    [event] = await events_of(shop, user_id, "AutopaySucceeded")
    assert event["amount_paise"] == paid
    await assert_books_balance(shop)
    await withdraw(shop, offer)


async def test_cashback_changes_nothing_of_the_price_and_comes_with_the_recharge(shop: Stores) -> None:
    plan, offer = await offered(shop, {"cashback": flat(20)})
    user_id = await make_owner(shop)
    autopay = await subscribed(shop, plan, user_id)
    with clock.later(days=2, seconds=1):
        run = await run_with(shop, autopay, await market_of(shop, offer))
    assert (run.outcome, run.amount) == (RunOutcome.SUCCEEDED, plan.price_paise)
    assert (await balance(shop, user_id)).paise == 100_000 - plan.price_paise + 2_000
    await withdraw(shop, offer)


async def test_an_offer_that_is_gone_at_the_sale_means_the_price_without_it(shop: Stores) -> None:
    plan, offer = await offered(shop, limits={"total_uses": 1})
    first, second = await make_owner(shop), await make_owner(shop)
    market = await market_of(shop, offer)
    faster, slower = await subscribed(shop, plan, first), await subscribed(shop, plan, second)
    with clock.later(days=2, seconds=1):
        assert (await run_with(shop, faster, market)).amount == plan.price_paise - 5_000
    with clock.later(days=2, minutes=2):  # the first claim took both
        run = await run_with(shop, slower, market)
    assert (run.outcome, run.amount) == (RunOutcome.SUCCEEDED, plan.price_paise)
    assert (await row_of(shop, slower)).tries == 0
    await withdraw(shop, offer)


async def test_an_offer_that_went_between_the_look_and_the_sale_is_no_failure(shop: Stores) -> None:
    plan, offer = await offered(shop)
    user_id = await make_owner(shop)
    autopay = await subscribed(shop, plan, user_id)
    market = await market_of(shop, offer)
    await withdraw(shop, offer)
    with clock.later(days=2, seconds=1):
        run = await run_with(shop, autopay, market)
    assert (run.outcome, run.amount) == (RunOutcome.SUCCEEDED, plan.price_paise)


async def test_the_highest_amount_is_compared_with_what_is_paid(shop: Stores) -> None:
    plan, offer = await offered(shop)
    user_id = await make_owner(shop)
    market = await market_of(shop, offer)
    paid = (plan.price_paise - 5_000) / 100
    command = AutopayCreate.model_validate(
        {
            "phone_number": await make_number(shop, "VI"),
            "plan_id": plan.plan_id,
            "tag": "regular",
            "next_due_at": clock.now() + timedelta(days=2),
            "max_amount": paid,
        }
    )
    autopay = await autopays.create(
        shop.database, user_id, command, market.catalogue.get(plan.plan_id), market
    )
    assert autopay.price.paise == plan.price_paise - 5_000
    with clock.later(days=2, seconds=1):
        assert (await run_with(shop, autopay, market)).outcome is RunOutcome.SUCCEEDED
    await withdraw(shop, offer)
    with clock.later(days=2 + plan.validity_count, hours=1):
        run = await run_with(shop, autopay, await market_of(shop))
    assert (run.outcome, run.reason) == (RunOutcome.PAUSED, "price"), "without the offer it is too dear"
    assert len(await recharges_of(shop, user_id)) == 1


async def test_a_limit_that_was_lowered_below_the_price_is_kept(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    command = AutopayUpdate.model_validate({"max_amount": 200})
    await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))
    with clock.later(days=2, seconds=1):
        run = await run_with(shop, autopay, await market_of(shop))
    assert (run.outcome, run.reason) == (RunOutcome.PAUSED, "price")
    assert await recharges_of(shop, user_id) == []


async def test_a_price_above_the_limit_pauses_at_the_notice_already(shop: Stores) -> None:
    user_id = await make_owner(shop)
    autopay = await make_autopay(shop, user_id)
    command = AutopayUpdate.model_validate({"max_amount": 298.99})
    await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))
    with clock.later(days=1, minutes=1):
        run = await run_with(shop, autopay, await market_of(shop))
    assert (run.outcome, run.reason) == (RunOutcome.PAUSED, "price")
    assert await events_of(shop, user_id, "AutopayAnnounced") == []


async def test_an_offer_that_does_not_hold_yet_at_the_notice_does_not_pause(shop: Stores) -> None:
    plan, offer = await offered(shop)
    due = clock.now() + timedelta(days=2)
    weekday = due.astimezone(clock.IST).strftime("%A").lower()
    weekly = await publish(shop, conditions={"plans": [str(plan.plan_id)], "weekdays": [weekday]})
    await withdraw(shop, offer)
    user_id = await make_owner(shop)
    autopay = await subscribed(shop, plan, user_id)
    market, paid = await market_of(shop, weekly), plan.price_paise - 5_000
    command = AutopayUpdate.model_validate({"max_amount": paid / 100})
    await shop.database.run(lambda db: autopays.update(db, user_id, autopay.autopay_id, command))
    with clock.later(days=1, minutes=1):
        assert (await run_with(shop, autopay, market)).outcome is RunOutcome.ANNOUNCED
    [notice] = await events_of(shop, user_id, "AutopayAnnounced")
    assert notice["price_paise"] == paid
    with clock.later(days=2, seconds=1):
        run = await run_with(shop, autopay, market)
    assert (run.outcome, run.amount) == (RunOutcome.SUCCEEDED, paid)
    await withdraw(shop, weekly)


async def test_a_worker_that_died_after_a_sale_with_an_offer_leads_to_that_sale(shop: Stores) -> None:
    plan, offer = await offered(shop, limits={"uses_per_user": 1})
    user_id = await make_owner(shop)
    autopay = await subscribed(shop, plan, user_id)
    market = await market_of(shop, offer)
    with clock.later(days=2, seconds=1):
        task = await claim_one(shop, autopay)
        first = await runs.process(PaymentContext.at(shop), task, market)
        await run_sql(shop, "DELETE FROM autopay_attempts WHERE autopay_id = :id", id=autopay.autopay_id)
        values = {"id": autopay.autopay_id, "due": task.due_at}
        await run_sql(
            shop, "UPDATE autopays SET next_due = :due, wake_at = :due WHERE autopay_id = :id", **values
        )
        again = await runs.process(PaymentContext.at(shop), task, market)
    assert (again.outcome, again.amount, again.recharge_id) == (
        RunOutcome.SUCCEEDED,
        first.amount,
        first.recharge_id,
    )
    assert len(await recharges_of(shop, user_id)) == 1
    await withdraw(shop, offer)
