"""`offer_reason` and `evaluation` judge what only the database knows: the same verdict for random offers and customers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.offers import service as offers
from gencharge.offers.evaluation import CUSTOMER_FACTS, Refusal, evaluate
from gencharge.offers.models import OfferSlot, OfferUse
from gencharge.offers.snapshot import OfferSnapshot
from tests.make.factories import make_user
from tests.make.money import buy, find_plan, fund, make_number
from tests.make.offers import publish, situation

OFFERS = 60
REASON = text("SELECT reason FROM offer_reason(:offer_id, 1, :user_id, :phone_number, :at)")
# What both sides judge; the rest is Python's alone, or that of the counters.
SHARED = CUSTOMER_FACTS - {"used_up", "budget_spent"} | {"not_begun", "over"}


def random_terms(chance: random.Random, now: datetime) -> dict[str, Any]:
    """Terms in which each condition that both sides know is present about every second time."""

    def perhaps(value: Any, otherwise: Any) -> Any:
        return value if chance.random() < 0.5 else otherwise

    days = timedelta(days=1)
    begin = perhaps(now + chance.choice([-2, -1, 1]) * days, None)
    return {
        "conditions": {
            "user_types": perhaps([chance.choice(["prepaid", "postpaid"])], []),
            "new_user_only": perhaps(True, False),
            "circles": perhaps(chance.sample(["KA", "MH", "DL"], chance.randint(1, 2)), []),
        },
        "limits": {"uses_per_user": perhaps(chance.randint(1, 2), None)},
        "active_from": begin,
        "active_until": perhaps((begin or now - 3 * days) + chance.choice([1, 4]) * days, None),
    }


async def make_customers(stores: Stores) -> list[UUID]:
    """Prepaid and postpaid ones, new and not."""
    customers = []
    for kind in ("prepaid", "postpaid"):
        for is_new in (True, False):
            user = await stores.database.run(lambda db, kind=kind: make_user(db, user_type=kind))
            if not is_new:
                await fund(stores, user.user_id, 299)
                plan, number = await find_plan(stores, "AIRTEL", 299), await make_number(stores, "AIRTEL")
                await buy(stores, user.user_id, number, plan.plan_id)
            customers.append(user.user_id)
    return customers


async def use(stores: Stores, offer: OfferSnapshot, user_id: UUID, times: int) -> None:
    """Let a customer have used an offer so often, at no cost, and once more with a recharge that failed."""
    async with stores.database.transaction() as db:
        db.add(OfferSlot(offer_id=offer.offer_id, slot=0, uses=times, spent=0))
        db.add_all(
            OfferUse(
                user_id=user_id,
                recharge_id=uuid4(),
                offer_id=offer.offer_id,
                version=1,
                slot=0,
                discount=0,
                cashback=0,
                cost=0,
                status=status,
            )
            for status in [*["taken"] * times, "freed"]
        )


async def test_random_offers_and_customers_get_the_same_verdict_from_both_sides(shop: Stores) -> None:
    chance, now = random.Random(11), clock.now()
    customers = await make_customers(shop)
    numbers = [await make_number(shop, "AIRTEL", circle=circle) for circle in ("KA", "MH", None)]
    verdicts = set[str | None]()
    for _ in range(OFFERS):
        offer = await publish(shop, **random_terms(chance, now))
        user_id, number = chance.choice(customers), chance.choice(numbers)
        await use(shop, offer, user_id, chance.randint(0, 2))
        asked = situation(user_type=None, is_new_user=None, circle=None, instant=now)
        outcome = evaluate(offer, await offers.with_facts(shop.database, user_id, number, asked, [offer]))
        reasons = [each.code for each in outcome.reasons] if isinstance(outcome, Refusal) else []
        async with shop.database.transaction() as db:
            values = {"offer_id": offer.offer_id, "user_id": user_id, "phone_number": number, "at": now}
            reason = await db.scalar(REASON, values)
        expected = [code for code in reasons if code in SHARED]
        assert reason in (expected or [None]), (offer, reasons)
        verdicts.add(reason)
    assert verdicts == {*SHARED, None}, "each verdict came up"
