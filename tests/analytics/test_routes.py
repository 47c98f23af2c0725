"""`/analytics/me` over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.wallet import service as wallet
from tests.make.factories import headers_for, make_user
from tests.make.money import buy, find_plan, fund, make_number


async def test_a_customer_sees_what_they_spent_and_nobody_elses(
    shop: Stores, client: httpx.AsyncClient
) -> None:
    users = [await shop.database.run(make_user) for _ in range(2)]
    for user in users:
        await shop.database.run(lambda db, user=user: wallet.open_wallet(db, user.user_id))
        await fund(shop, user.user_id, 5_000)
    customer, other = users
    own, mothers = await make_number(shop), await make_number(shop, "AIRTEL")
    jio, airtel = await find_plan(shop, "JIO", 299), await find_plan(shop, "AIRTEL", 299)
    # The last instant of October and the first of November in India.
    for at, number, plan in (
        (datetime(2026, 10, 31, 18, 29, 59, tzinfo=UTC), own, jio),
        (datetime(2026, 10, 31, 18, 30, tzinfo=UTC), mothers, airtel),
        (datetime(2026, 11, 10, 12, tzinfo=UTC), own, jio),
    ):
        with clock.at(at):
            sold = await buy(shop, customer.user_id, number, plan.plan_id)
            await buy(shop, other.user_id, await make_number(shop), jio.plan_id)
    async with shop.database.transaction() as db:
        await db.execute(
            text("SELECT refund_recharge(:user, :id, 10000, 'part', 'slow', '{}', :at)"),
            {
                "user": customer.user_id,
                "id": sold.answer.recharge_id,
                "at": datetime(2026, 11, 11, tzinfo=UTC),
            },
        )
    with clock.at(datetime(2026, 11, 22, tzinfo=UTC)):
        answer = await client.get("/v1/analytics/me", headers=headers_for(shop.settings, customer))
    assert answer.status_code == 200, answer.text
    spending = answer.json()
    assert spending["total"] == {"recharges": 3, "paid": 797.0, "saved": 0.0}
    assert spending["this_month"]["paid"] == 498.0
    assert [(part["month"], part["recharges"]) for part in spending["monthly"]][-2:] == [
        ("2026-10", 1),
        ("2026-11", 2),
    ]
    assert len(spending["monthly"]) == 12
    assert spending["yearly"] == [{"recharges": 3, "paid": 797.0, "saved": 0.0, "year": 2026}]
    assert [part["phone_number"] for part in spending["numbers"]] == [own, mothers]
    assert spending["plans"][0]["name"] == jio.name
    assert [(part["key"], part["recharges"]) for part in spending["operators"]] == [("JIO", 2), ("AIRTEL", 1)]
    assert [part["key"] for part in spending["payment_methods"]] == ["wallet"]


async def test_who_bought_nothing_spent_nothing(shop: Stores, client: httpx.AsyncClient) -> None:
    user = await shop.database.run(make_user)
    spending = (await client.get("/v1/analytics/me", headers=headers_for(shop.settings, user))).json()
    assert spending["total"] == {"recharges": 0, "paid": 0.0, "saved": 0.0}
    assert spending["plans"] == spending["yearly"] == []
