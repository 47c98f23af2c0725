"""The way from a quote to a delivery is what the recharges, payments and quotes say, by the day of the sale."""

from __future__ import annotations

import random
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from gencharge.analytics import area_staff_service
from gencharge.analytics.area_service import count_areas
from gencharge.analytics.funnel_crud import FUNNEL
from gencharge.analytics.staff_schemas import FiguresQuery
from gencharge.core.stores.stores import Stores
from gencharge.sessions.guards import Principal
from tests.make.analytics import differences_of
from tests.make.many_rows import ALL, JIO
from tests.make.money import buy, find_plan, make_customer, make_number

# By hand: what each recharge of the life came to, with the money that its payment brought.
RAW = """
    SELECT (r.created_at AT TIME ZONE 'Asia/Kolkata')::date AS day, r.operator, r.status, r.gateway_amount,
           r.wallet_amount + r.gateway_amount AS amount, p.captured_at
    FROM recharges AS r LEFT JOIN payments AS p ON p.user_id = r.user_id AND p.payment_id = r.payment_id
"""
ADD_QUOTES = "INSERT INTO quote_counts VALUES (:day, :operator, :process_id, :quotes)"


async def show(stores: Stores, admin: Principal = ALL, **query: Any) -> Any:
    asked = FiguresQuery.model_validate(query)
    return await stores.database.run(lambda db: area_staff_service.show(db, admin, FUNNEL, asked))


async def test_any_days_and_operators_are_what_the_tables_say(lived: Stores) -> None:
    async with lived.database.transaction() as db:
        sales = [dict(row) for row in (await db.execute(text(RAW))).mappings()]
        await db.execute(text("DELETE FROM quote_counts"))
    days, operators = sorted({row["day"] for row in sales}), sorted({row["operator"] for row in sales})
    chance = random.Random(7)
    quotes = dict[tuple[date, str], int]()
    async with lived.database.transaction() as db:
        for day in days:
            for operator in operators:
                for _ in range(2):  # two processes
                    number = chance.randint(1, 9)
                    values = {"day": day, "operator": operator, "process_id": uuid4(), "quotes": number}
                    await db.execute(text(ADD_QUOTES), values)
                    quotes[day, operator] = quotes.get((day, operator), 0) + number
    await count_areas(lived.database)
    assert await differences_of(lived) == []
    unpaid = [row for row in sales if row["gateway_amount"] and not row["captured_at"]]
    for _ in range(25):
        first, last = sorted(chance.choices(days, k=2))
        operator = chance.choice([None, *operators])
        own = [s for s in sales if first <= s["day"] <= last and operator in (None, s["operator"])]
        paid = [s for s in own if s not in unpaid]
        delivered = [s for s in own if s["status"] in ("delivered", "refunded")]
        asked = {"operator": operator} if operator else {}
        figures = await show(lived, **{"from": first, "to": last}, **asked)
        quoted = sum(n for (day, of), n in quotes.items() if first <= day <= last and operator in (None, of))
        assert [step.count for step in figures.steps] == [quoted, len(own), len(paid), len(delivered)]
        assert figures.totals.paid.amount.paise == sum(s["amount"] for s in paid)
        assert figures.totals.delivered.amount.paise == sum(s["amount"] for s in delivered)


async def test_percentages_are_of_the_first_step_and_of_the_one_before(lived: Stores) -> None:
    figures = await show(lived)
    first, second, third, _ = figures.steps
    assert (first.percent_of_first, first.percent_of_previous) == (100.0, None)
    assert second.percent_of_previous == round(second.count * 100 / first.count, 2)
    assert third.percent_of_first == round(third.count * 100 / first.count, 2)


async def test_steps_of_nothing_have_no_percentages(lived: Stores) -> None:
    steps = (await show(lived, **{"from": date(2020, 1, 1), "to": date(2020, 1, 2)})).steps
    assert {(step.count, step.percent_of_first, step.percent_of_previous) for step in steps} == {
        (0, None, None)
    }


async def test_an_admin_of_one_operator_sees_its_steps_only(lived: Stores) -> None:
    whole, own = (await show(lived)).totals.sold.count, (await show(lived, JIO)).totals.sold.count
    assert 0 < own < whole
    assert (await show(lived, operator="JIO")).totals.sold.count == own


UNPAID = """
    INSERT INTO recharges SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(),
        'idempotency_key', 'unpaid', 'wallet_amount', 0, 'gateway_amount', r.price, 'status', 'payment_pending'))).*
    FROM recharges AS r WHERE user_id = :user_id
"""


async def test_what_waits_for_its_payment_is_sold_and_not_paid(shop: Stores) -> None:
    customer, plan = await make_customer(shop), await find_plan(shop, "JIO", 299)
    await buy(shop, customer, await make_number(shop), plan.plan_id)
    await shop.database.run(lambda db: db.execute(text(UNPAID), {"user_id": customer}))
    await count_areas(shop.database)
    assert [step.count for step in (await show(shop)).steps] == [0, 2, 1, 1]
    assert (await show(shop)).totals.sold.amount.paise == 2 * 29_900
