"""The nightly checks of offers: each way to break the counters, the limits and the cashback is found."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.offers.checks import CHECKS
from gencharge.recharge.checks import CHECKS as RECHARGE_CHECKS
from tests.make.money import buy, find_plan, make_customer, make_number
from tests.make.offers import flat, market_of, publish

COUNTERS, LIMITS, CASHBACK, DEBTS = (check.name for check in CHECKS)
USES, DISCOUNTS = (
    check.name for check in RECHARGE_CHECKS if "offer" in check.name or "discount" in check.name
)


async def sold(stores: Stores) -> UUID:
    """A delivered recharge with Rs 50 off and Rs 10 back."""
    offer = await publish(
        stores, {"discount": flat(50), "cashback": flat(10)}, limits={"total_uses": 2, "budget": 120}
    )
    user_id, number = await make_customer(stores), await make_number(stores, "AIRTEL")
    plan, market = await find_plan(stores, "AIRTEL", 299), await market_of(stores, offer)
    sale = await buy(stores, user_id, number, plan.plan_id, market=market, offer_id=offer.offer_id)
    return sale.answer.recharge_id


async def broken_by(stores: Stores, statement: str, recharge_id: UUID) -> set[str]:
    """The checks that find something after the statement, which is rolled back."""
    names: set[str] = set()

    async def unit(db: AsyncSession) -> None:
        await db.execute(text(statement), {"id": recharge_id})
        for check in (*CHECKS, *RECHARGE_CHECKS):
            if (await db.execute(text(check.breaches))).all():
                names.add(check.name)
        raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await stores.database.run(unit)
    return names


_SLOT = "offer_id = (SELECT offer_id FROM offer_uses WHERE recharge_id = :id)"


@pytest.mark.parametrize(
    ("statement", "breaches"),
    [
        ("SELECT CAST(:id AS uuid)", set()),
        (f"UPDATE offer_slots SET uses = uses + 1 WHERE {_SLOT} AND uses = 1", {COUNTERS}),
        (f"UPDATE offer_slots SET spent = spent + 1 WHERE {_SLOT} AND uses = 1", {COUNTERS}),
        (f"UPDATE offer_slots SET uses = uses + 1 WHERE {_SLOT}", {COUNTERS, LIMITS}),
        (f"UPDATE offer_slots SET spent = spent + 6001 WHERE {_SLOT} AND uses = 1", {COUNTERS, LIMITS}),
        ("UPDATE offer_uses SET status = 'freed' WHERE recharge_id = :id", {COUNTERS, USES}),
        ("UPDATE offer_uses SET paid = 0 WHERE recharge_id = :id", {CASHBACK, USES}),
        ("UPDATE offer_uses SET due_back = 1 WHERE recharge_id = :id", {DEBTS}),
        ("UPDATE offer_uses SET discount_back = 1 WHERE recharge_id = :id", {DISCOUNTS}),
        ("UPDATE recharges SET offer_id = NULL WHERE id = :id", {USES}),
        ("UPDATE recharges SET cashback = 1 WHERE id = :id", {USES}),
        ("DELETE FROM offer_uses WHERE recharge_id = :id", {COUNTERS, USES, DISCOUNTS}),
    ],
)
async def test_each_breach_is_found(shop: Stores, statement: str, breaches: set[str]) -> None:
    assert await broken_by(shop, statement, await sold(shop)) == breaches
