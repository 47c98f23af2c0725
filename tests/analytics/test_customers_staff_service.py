"""Cohorts, segments and the forecast are what the recharges and plans say: compared with the same made by hand, in Python, on random rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from gencharge.analytics import customers_crud, plans_crud
from gencharge.analytics import customers_staff_service as service
from gencharge.analytics.customers_schemas import OperatorQuery
from gencharge.analytics.models import ActivePlanFigures, CustomerArea, PlanCut
from gencharge.campaigns import crud as campaigns_crud
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.recharge import segment_models as recharge
from gencharge.sessions.guards import Principal
from tests.make.many_rows import ALL, JIO

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TODAY = date(2026, 11, 22)
# 180 customers at three operators over 600 days; customer n's recharges become rarer with n.
RECHARGES = """
    INSERT INTO recharges (user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
        operator, plan_type, category, price, discount, wallet_amount, gateway_amount, status, sold_status,
        payment_method, source, activation_mode, balance_after, created_at)
    SELECT ('00000000-0000-4000-8000-' || lpad((n % 180)::text, 12, '0'))::uuid, gen_random_uuid(), n::text, '',
        '+9190' || lpad((n % 180)::text, 8, '0'), gen_random_uuid(), 1, 'P', (ARRAY['JIO', 'JIO', 'VI', 'BSNL'])[1 + floor(random() * 4)],
        'prepaid', 'unlimited', price, 0, price, 0, (ARRAY['delivered', 'delivered', 'refunded', 'failed'])[1 + floor(random() * 4)],
        'active', 'wallet', 'web', 'queue', 0, CAST(:now AS timestamptz) - (random() * 600 * ((n % 180) + 5) / 185) * interval '1 day'
    FROM (SELECT n, 10000 + floor(random() * 60000)::bigint AS price FROM generate_series(1, 1500) AS n WHERE random() * 180 > n % 180) AS r
"""
# Base plans of 60 days, and what came after each of them: nothing, a plan at once, after five days, after eight, or elsewhere.
PLANS = """
    INSERT INTO active_plans (phone_number, recharge_id, user_id, plan_id, plan_version, plan_name, operator, plan_type,
        category, circle, is_addon, status, validity_count, validity_unit, valid_from, valid_until, created_at)
    SELECT '+9191' || lpad(n::text, 8, '0'), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'P', operator, 'prepaid', 'unlimited',
        (ARRAY['MH', NULL])[1 + n % 2], is_addon, status, 28, 'day', starts, ends, starts
    FROM (
        SELECT n, (ARRAY['JIO', 'VI'])[1 + n % 2] AS operator, false AS is_addon, 'expired' AS status,
               ended - interval '28 days' AS starts, ended AS ends FROM ends
        UNION ALL
        SELECT n, CASE WHEN n % 5 = 4 THEN 'BSNL' ELSE (ARRAY['JIO', 'VI'])[1 + n % 2] END, n % 7 = 0, 'active',
               ended + wait, ended + wait + interval '50 days'
        FROM ends CROSS JOIN LATERAL (SELECT (ARRAY[0, 5, 8, 2])[1 + n % 5 % 4] * interval '1 day' AS wait) AS gap WHERE n % 5 > 0
    ) AS plans
"""
ENDS = "WITH ends AS (SELECT n, CAST(:now AS timestamptz) - n * interval '11 hours' AS ended FROM generate_series(1, 120) AS n)"


@pytest.fixture(scope="module")
async def counted(stores: Stores) -> Stores:
    async with stores.database.transaction() as db:
        await db.execute(text("SELECT setseed(0.5)"))
        await db.execute(text(RECHARGES), {"now": NOW})
        await db.execute(text(PLANS.replace("INSERT INTO", f"{ENDS} INSERT INTO", 1)), {"now": NOW})
        await customers_crud.count_customers(db, NOW)
        await plans_crud.count_plans(db, NOW)
    return stores


async def show(stores: Stores, name: str, admin: Principal = ALL, operator: str | None = None) -> Any:
    verb = getattr(service, name)
    with clock.at(NOW):
        return await stores.database.run(lambda db: verb(db, admin, OperatorQuery(operator=operator)))


async def sales_of(stores: Stores, operator: str | None) -> dict[UUID, list[Any]]:
    """Delivered recharges by customer: instant and paise."""
    query = "SELECT user_id, operator, created_at, wallet_amount AS paise FROM recharges WHERE status IN ('delivered', 'refunded')"
    people = defaultdict[UUID, list[Any]](list)
    for row in await stores.database.run(lambda db: db.execute(text(query))):
        if operator in (None, row.operator):
            people[row.user_id].append(row)
    return people


def month_of(at: datetime) -> int:
    local = at.astimezone(clock.IST)
    return local.year * 12 + local.month - 1


@pytest.mark.parametrize("operator", [None, "JIO", "VI", "BSNL"])
async def test_cohorts_are_what_the_recharges_say(counted: Stores, operator: str | None) -> None:
    due: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for sales in (await sales_of(counted, operator)).values():
        first = min(month_of(sale.created_at) for sale in sales)
        cohort = f"{first // 12}-{first % 12 + 1:02d}"
        for month in {month_of(sale.created_at) for sale in sales}:
            own = [sale.paise for sale in sales if month_of(sale.created_at) == month]
            sums = due[cohort, month - first]
            sums[0] += 1
            sums[1] += len(own)
            sums[2] += sum(own)
    figures = await show(counted, "cohorts", operator=operator)
    shown = {
        (cohort.month, month.months_after): [month.customers, month.recharges, month.paid.paise]
        for cohort in figures.cohorts
        for month in cohort.months
        if month.customers
    }
    assert len(due) > 30
    assert shown == due
    for cohort in figures.cohorts:
        assert cohort.months[0].percent == 100.0
        assert cohort.customers == due[cohort.month, 0][0]
    assert len(figures.cohorts[0].months) > len(figures.cohorts[-1].months) > 0


def segment_of(days: float, count: int, paise: int) -> str:
    """The segments as the API describes them, written once more."""
    often, rich = count >= 8, paise >= 250_000
    if days > 140:
        return "lost"
    if days > 70:
        return "cannot_lose" if often and rich else "at_risk"
    if days <= 35 and often and rich:
        return "champions"
    if count >= 4:
        return "loyal"
    return "promising" if days <= 35 else "fading"


@pytest.mark.parametrize("operator", [None, "JIO", "VI"])
async def test_segments_are_what_the_recharges_say(counted: Stores, operator: str | None) -> None:
    due: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    people = await sales_of(counted, operator)
    for sales in people.values():
        last = max(sale.created_at for sale in sales)
        year = [sale.paise for sale in sales if sale.created_at >= NOW - timedelta(days=365)]
        sums = due[segment_of((NOW - last) / timedelta(days=1), len(year), sum(year))]
        for place, value in enumerate((1, len(year), sum(year))):
            sums[place] += value
    figures = await show(counted, "segments", operator=operator)
    assert {
        part.key: [part.customers, part.recharges, part.paid.paise]
        for part in figures.segments
        if part.customers
    } == due
    assert figures.customers == len(people)
    assert operator is not None or len(due) >= 6, "the rows have nearly all segments"


async def test_a_plan_is_renewed_by_the_next_one_of_the_number_at_the_same_operator(counted: Stores) -> None:
    due: dict[str, list[int]] = {"JIO": [0, 0], "VI": [0, 0]}
    for n in range(1, 121):
        if timedelta(days=7) < n * timedelta(hours=11) <= timedelta(days=37):
            sums = due[("JIO", "VI")[n % 2]]
            sums[0] += 1
            sums[1] += n % 5 > 0 and n % 5 != 4 and n % 7 != 0 and (0, 5, 8, 2)[n % 5 % 4] < 7
    rates = (await show(counted, "forecast")).rates
    assert {rate.operator: [rate.ended, rate.renewed] for rate in rates} == due
    assert all(0 < renewed < ended for ended, renewed in due.values())


async def test_the_forecast_is_of_base_plans_that_end_in_thirty_days(counted: Stores) -> None:
    query = "SELECT operator, coalesce(circle, 'unknown') AS circle, valid_until FROM active_plans WHERE status = 'active' AND NOT is_addon"
    rows = (await counted.database.run(lambda db: db.execute(text(query)))).all()
    due = defaultdict[date, int](int)
    for row in rows:
        if row.valid_until > NOW:
            due[(row.valid_until - timedelta(microseconds=1)).astimezone(clock.IST).date()] += 1
    figures = await show(counted, "forecast")
    days = [TODAY + timedelta(days=number) for number in range(30)]
    assert [(day.day, day.ending) for day in figures.days] == [(day, due[day]) for day in days]
    whole = sum(due[day] for day in days)
    assert 0 < whole < len(rows)
    for parts in (figures.operator, figures.circle, figures.plan):
        assert sum(part.ending for part in parts) == whole
    own = {part.key: part for part in figures.operator}
    rate = next(rate for rate in figures.rates if rate.operator == "JIO")
    assert own["JIO"].expected_renewals == round(own["JIO"].ending * rate.renewed / rate.ended)
    # No plan of BSNL ended lately.
    assert own["BSNL"].expected_renewals is None


async def test_an_admin_of_one_operator_sees_no_other(counted: Stores) -> None:
    for name in ("cohorts", "segments", "forecast"):
        own, asked = await show(counted, name, JIO), await show(counted, name, operator="jio")
        assert own == asked != await show(counted, name)
    assert (await show(counted, "segments", JIO, "VI")).customers == 0
    assert {part.key for part in (await show(counted, "forecast", JIO)).operator} == {"JIO"}


async def test_the_etag_changes_with_a_count_a_day_a_scope_and_a_query(counted: Stores) -> None:
    async def tag(at: datetime = NOW, admin: Principal = ALL, operator: str | None = None) -> str:
        with clock.at(at):
            query = OperatorQuery(operator=operator)
            return await counted.database.run(lambda db: service.etag(db, admin, query, "cohorts"))

    tags = [await tag(), await tag(NOW + timedelta(days=1)), await tag(admin=JIO), await tag(operator="VI")]
    assert len(set(tags)) == len(tags)
    assert await tag() == tags[0]
    row = {"operator": "JIO", "cut": PlanCut.BASE_ENDS, "key": str(uuid4()), "active": 0, "queued": 0}
    later = {**row, "counted_at": NOW + timedelta(minutes=5)}
    await counted.database.run(lambda db: db.execute(insert(ActivePlanFigures).values(later)))
    assert await tag() != tags[0]


async def test_nothing_that_was_counted_is_no_error(stores: Stores) -> None:
    async with stores.database.transaction() as db:
        await db.execute(text("DELETE FROM customer_figures"))
        await db.execute(text("DELETE FROM active_plan_figures"))
    assert (await show(stores, "cohorts")).cohorts == []
    assert (await show(stores, "segments")).counted_at is None
    assert [day.expected_renewals for day in (await show(stores, "forecast")).days] == [0] * 30


async def test_a_campaign_finds_the_same_segments_as_the_figures(counted: Stores) -> None:
    async with counted.database.transaction() as db:
        await customers_crud.count_customers(db, NOW)
        people = (await db.scalars(text("SELECT DISTINCT user_id FROM recharges"))).all()
        sales = await campaigns_crud.list_sales(
            db, people, since=NOW, year_ago=NOW - timedelta(days=recharge.YEAR_DAYS)
        )
        rows = await customers_crud.list_figures(db, CustomerArea.SEGMENTS, None)
    segments = Counter(
        recharge.segment_of((NOW - sold.last_at) / timedelta(days=1), sold.year_recharges, sold.year_paise)
        for sold in sales.values()
    )
    assert segments == {row.key: row.customers for row in rows}
    assert len(segments) >= 4
