"""Revenue is what the ledger says, to the paisa, for any days and operators, and its parts add up."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, text, update

from gencharge.analytics import revenue_staff_service
from gencharge.analytics.models import Cut, RechargeFigures
from gencharge.analytics.revenue_schemas import RevenueFigures
from gencharge.analytics.staff_schemas import FiguresQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.reconciliation.models import GATEWAY, ReconciliationRun
from gencharge.sessions.guards import Principal
from tests.make.analytics import figures_of
from tests.make.many_rows import ALL, JIO

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
# By hand, from the ledger alone: codes as numbers, so that a change of the code under test shows.
LEDGER = """
    SELECT (t.created_at AT TIME ZONE 'Asia/Kolkata')::date AS day, t.operator, r.plan_id::text AS plan,
           coalesce(r.channel, 'internal') AS channel,
           sum(t.amount) FILTER (WHERE t.code IN (3, 6)) AS paid,
           sum(t.amount) FILTER (WHERE t.code = 4) AS refunded,
           sum(t.amount) FILTER (WHERE t.code = 16 AND t.debit = 'discount') AS discount,
           sum(t.amount) FILTER (WHERE t.code = 16 AND t.credit = 'discount') AS discount_back,
           sum(CASE WHEN t.debit = 'cashback' THEN t.amount ELSE -t.amount END) FILTER (WHERE t.code = 8) AS cashback,
           sum(CASE WHEN t.credit = 'revenue' THEN t.amount ELSE -t.amount END) FILTER (WHERE t.code = 12) AS commission
    FROM transfers AS t JOIN recharges AS r ON r.user_id = t.user_id AND r.id = t.reference_id
    WHERE t.operator IS NOT NULL GROUP BY 1, 2, 3, 4
"""
SUMS = ("paid", "refunded", "discount", "discount_back", "cashback", "commission")


def due(rows: list[dict[str, Any]]) -> dict[str, int]:
    """What the ledger's rows come to."""
    return {name: sum(int(row[name] or 0) for row in rows) for name in SUMS}


def shown(sums: Any) -> dict[str, int]:
    """An answer's sums in the words of the ledger."""
    return {
        "paid": sums.paid.paise,
        "refunded": sums.refunded.paise,
        "discount": sums.discount.paise,
        "discount_back": sums.discount.paise + sums.cashback.paise - sums.offer_cost.paise,
        "cashback": sums.cashback.paise,
        "commission": sums.commission.paise,
    }


async def show(stores: Stores, admin: Principal = ALL, **query: Any) -> RevenueFigures:
    asked = FiguresQuery.model_validate(query)
    return await stores.database.run(lambda db: revenue_staff_service.show(db, admin, asked))


async def test_any_days_and_operators_are_what_the_ledger_says(lived: Stores) -> None:
    async with lived.database.transaction() as db:
        booked = [dict(row) for row in (await db.execute(text(LEDGER))).mappings()]
    assert all(any(row[name] for row in booked) for name in SUMS), "the life had all kinds"
    days = sorted({row["day"] for row in booked})
    operators = sorted({row["operator"] for row in booked})
    chance = random.Random(20_261_122)
    for _ in range(40):
        first, last = sorted(chance.choices(days, k=2))
        operator = chance.choice([None, *operators])
        rows = [row for row in booked if first <= row["day"] <= last and operator in (None, row["operator"])]

        own = {"operator": operator} if operator else {}
        figures = await show(lived, **{"from": first, "to": last}, **own)
        assert shown(figures.totals) == due(rows)
        for day in figures.daily:
            assert shown(day) == due([row for row in rows if row["day"] == day.day])
        for cut in ("operator", "channel", "plan"):
            parts = {part.key: shown(part) for part in getattr(figures.distributions, cut)}
            # A bill has no plan.
            keys = {row[cut] for row in rows} - {None}
            assert parts == {
                key: sums for key in keys if any((sums := due([r for r in rows if r[cut] == key])).values())
            }
        bills = due([row for row in rows if row["plan"] is None])
        for cut, parts in figures.distributions.model_dump().items():
            left_out = bills if cut == "plan" else due([])
            net = (
                left_out["commission"]
                - left_out["discount"]
                - left_out["cashback"]
                + left_out["discount_back"]
            )
            assert sum(part["paid"].paise for part in parts) == figures.totals.paid.paise - left_out["paid"]
            assert sum(part["net"].paise for part in parts) == figures.totals.net.paise - net


async def test_a_paisa_too_much_in_the_figures_shows(lived: Stores) -> None:
    """The control of the test above."""
    day = (await figures_of(lived, "all"))[0]["day"]
    before = (await show(lived, **{"from": day, "to": day})).totals.paid.paise
    wrong = text(
        "UPDATE recharge_figures SET delivered_price = delivered_price + :by WHERE cut = 'all' AND day = :day"
    )
    for by in (1, -1):
        await lived.database.run(lambda db, by=by: db.execute(wrong, {"by": by, "day": day}))  # type: ignore[misc]
        after = (await show(lived, **{"from": day, "to": day})).totals.paid.paise
        assert (after != before) == (by == 1)


@pytest.fixture
async def counted(stores: Stores) -> Stores:
    """150 plans of which plan n brought n rupees yesterday, and statements of the gateway."""
    await stores.database.run(lambda db: db.execute(delete(RechargeFigures)))
    # The rows of runs stay, so those of the tests before hold no longer.
    superseded = update(ReconciliationRun).values(superseded_at=NOON)
    await stores.database.run(lambda db: db.execute(superseded))
    yesterday = TODAY - timedelta(days=1)
    rows = [
        {"cut": Cut.PLAN, "key": str(UUID(int=n)), "delivered": 1, "delivered_price": n * 100}
        for n in range(1, 151)
    ]
    rows.append({"cut": Cut.ALL, "key": "", "delivered": 150, "delivered_price": sum(range(151)) * 100})
    for row in rows:
        values = {"day": yesterday, "operator": "JIO", **row}
        await stores.database.run(
            lambda db, values=values: db.execute(insert(RechargeFigures).values(values))
        )  # type: ignore[misc]
    return stores


async def add_statement(stores: Stores, days_ago: int, paise: int, **values: Any) -> None:
    row = {
        "run_id": uuid4(),
        "counterparty": GATEWAY,
        "day": TODAY - timedelta(days=days_ago),
        "status": "matched",
        "source": "api",
        "charges_paise": paise,
        "requested_by": uuid4(),
        "finished_at": NOON,
        **values,
    }
    await stores.database.run(lambda db: db.execute(insert(ReconciliationRun).values(row)))


async def test_the_hundred_largest_plans_have_a_row_and_the_others_one_together(counted: Stores) -> None:
    with clock.at(NOON):
        plans = (await show(counted)).distributions.plan
    assert [part.paid.paise for part in plans[:2]] == [15_000, 14_900]
    assert (len(plans), plans[-1].key, plans[-1].delivered) == (101, "other", 50)
    assert plans[-1].paid.paise == sum(range(51)) * 100


async def test_fees_are_those_of_the_statements_that_hold(counted: Stores) -> None:
    with clock.at(NOON):
        assert (await show(counted)).totals.gateway_fees is None
        await add_statement(counted, 1, 500)
        await add_statement(counted, 1, 499, superseded_at=NOON)
        await add_statement(counted, 1, 7, status="failed")
        await add_statement(counted, 1, 9, counterparty="operator:jio")
        await add_statement(counted, 2, 100, status="differences")
        figures = await show(counted)
        assert figures.totals.gateway_fees is not None
        assert figures.totals.gateway_fees.paise == 600
        assert [day.gateway_fees and day.gateway_fees.paise for day in figures.daily[-3:]] == [100, 500, None]
        assert figures.periods.today.gateway_fees is None
        assert (await show(counted, operator="JIO")).totals.gateway_fees is None


async def test_an_admin_of_one_operator_sees_no_other_and_no_fees(counted: Stores) -> None:
    await add_statement(counted, 1, 500)
    row = {"cut": Cut.ALL, "key": "", "day": TODAY, "operator": "VI", "delivered": 1, "delivered_price": 7}
    await counted.database.run(lambda db: db.execute(insert(RechargeFigures).values(row)))
    with clock.at(NOON):
        figures = await show(counted, JIO)
        assert {part.key for part in figures.distributions.operator} == {"JIO"}
        assert figures.totals.gateway_fees is None
        assert (await show(counted, JIO, operator="VI")).totals.delivered == 0
        assert (await show(counted)).totals.delivered == 151


async def test_the_etag_changes_with_a_statement_of_the_gateway(counted: Stores) -> None:
    async def tag(admin: Principal = ALL) -> str:
        return await counted.database.run(lambda db: revenue_staff_service.etag(db, admin, FiguresQuery()))

    with clock.at(NOON):
        known = await tag()
        assert await tag() == known != await tag(JIO)
        await add_statement(counted, 1, 500)
        assert await tag() != known


async def test_growth_is_of_what_customers_paid(counted: Stores) -> None:
    row = {"cut": Cut.ALL, "key": "", "day": TODAY - timedelta(days=8), "operator": "JIO"}
    values = {**row, "delivered": 1, "delivered_price": sum(range(151)) * 50}
    await counted.database.run(lambda db: db.execute(insert(RechargeFigures).values(values)))
    with clock.at(NOON):
        assert (await show(counted)).growth.week_over_week_percent == 100.0
