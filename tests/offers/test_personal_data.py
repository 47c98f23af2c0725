"""A customer's uses, codes and debt are in the export; free codes of their own go with the account, a debt keeps nobody from closing it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from gencharge import wiring
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.offers import code_service, personal_data
from gencharge.recharge import lifecycle_crud
from gencharge.users import lifecycle_service as lifecycle
from tests.make.factories import make_user
from tests.make.money import balance, buy, find_plan, fund, make_customer, make_number
from tests.make.offers import flat, market_of, owed, publish
from tests.make.recharge import assert_books_balance

PART = personal_data.PART


async def test_the_export_holds_uses_codes_and_the_debt(
    shop: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "_PAGE", 1)
    offer, user_id = await publish(shop, conditions={"one_time_code": True}), await make_customer(shop)
    codes = await shop.database.run(
        lambda db: code_service.add_codes(db, offer.offer_id, uuid4(), [user_id, user_id])
    )
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, offer)
    sale = await buy(
        shop, user_id, await make_number(shop, "AIRTEL"), plan.plan_id, market=market, offer_code=codes[0]
    )
    assert PART.export is not None
    exported = await PART.export(shop, user_id)
    assert exported["cashback_owed"] == Money(0)
    assert [(use.recharge_id, use.code) async for use in exported["uses"]] == [
        (sale.answer.recharge_id, codes[0])
    ]
    listed = [row async for row in exported["codes"]]
    assert {row["code"]: row["used_at"] is not None for row in listed} == {codes[0]: True, codes[1]: False}
    assert PART.erase is not None
    for _ in range(2):
        await PART.erase(shop, user_id)
    after = await PART.export(shop, user_id)
    assert [row["code"] async for row in after["codes"]] == [codes[0]]


async def test_a_debt_is_shown_and_does_not_keep_the_account_open(shop: Stores) -> None:
    offer, user = await publish(shop, {"cashback": flat(10)}), await shop.database.run(make_user)
    await fund(shop, user.user_id, 588)
    plan, market = await find_plan(shop, "AIRTEL", 299), await market_of(shop, offer)
    sales = [
        await buy(
            shop,
            user.user_id,
            await make_number(shop, "AIRTEL"),
            plan.plan_id,
            market=market,
            automatic_offer=is_first,
        )
        for is_first in (True, False)
    ]
    assert await balance(shop, user.user_id) == Money(0)
    refunded = sales[0].answer.recharge_id
    await shop.database.run(
        lambda db: lifecycle_crud.refund(
            db,
            user.user_id,
            refunded,
            amount=29_900,
            key=str(uuid4()),
            reason="late",
            context="{}",
            to_source=True,
        )
    )
    assert PART.overview is not None
    async with shop.database.transaction() as db:
        assert await PART.overview(db, user.user_id) == {"cashback_owed": Money.rupees(10)}
    await shop.database.run(
        lambda db: lifecycle.archive(
            db, wiring.PERSONAL_DATA, user.user_id, by=new_id(), reason="a test", payout=True, keep_days=90
        )
    )
    assert await balance(shop, user.user_id) == Money(0), "the refund was paid out, without a deduction"
    assert await owed(shop, user.user_id) == 1_000
    await assert_books_balance(shop)
