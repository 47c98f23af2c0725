"""What is counted of an area is what the tables and the ledger say, after a life and after random days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.analytics import area_service, area_staff_service
from gencharge.analytics.area_service import AREAS
from gencharge.analytics.areas import Area
from gencharge.analytics.staff_schemas import FiguresQuery, PeriodQuery
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from tests.make.many_rows import ALL

BY_NAME = {area.name: area for area in AREAS}
# What each sum must be, straight from the tables or the ledger: (area, fact, count or amount, SQL).
OWED = (
    ("users", "registered", "count", "SELECT count(*) FROM users WHERE registered_at IS NOT NULL"),
    ("users-archive", "archived", "count", "SELECT count(*) FROM users WHERE status = 'archived'"),
    ("admins", "appointed", "count", "SELECT count(*) FROM admins"),
    (
        "plans",
        "delivered",
        "count",
        "SELECT count(*) FROM recharges WHERE status IN ('delivered', 'refunded')",
    ),
    (
        "plans",
        "delivered",
        "amount",
        "SELECT sum(wallet_amount + gateway_amount) FROM recharges WHERE status IN ('delivered', 'refunded')",
    ),
    ("plans", "refunded", "amount", "SELECT sum(amount) FROM transfers WHERE code = 4"),
    ("plans", "created", "count", "SELECT count(*) FROM plans"),
    (
        "offers",
        "used",
        "amount",
        "SELECT sum(amount) FROM transfers WHERE code IN (8, 16) AND debit IN ('cashback', 'discount')",
    ),
    (
        "offers",
        "taken_back",
        "amount",
        "SELECT sum(amount) FROM transfers WHERE code IN (8, 16) AND credit IN ('cashback', 'discount')",
    ),
    (
        "backups",
        "created",
        "count",
        "SELECT count(*) FROM backup_runs WHERE kind = 'create' AND status = 'succeeded'",
    ),
    ("delivery", "failed", "count", "SELECT count(*) FROM recharges WHERE status = 'failed'"),
    ("referrals", "paid", "count", "SELECT count(*) FROM referral_rewards WHERE paid_at IS NOT NULL"),
    ("autopay", "set_up", "count", "SELECT count(*) FROM autopays"),
    (
        "autopay",
        "succeeded",
        "amount",
        "SELECT coalesce(sum(amount), 0) FROM autopay_attempts WHERE outcome = 'succeeded'",
    ),
    ("payments", "captured", "count", "SELECT count(*) FROM payments WHERE captured_at IS NOT NULL"),
    (
        "payments",
        "captured",
        "amount",
        "SELECT sum(amount) FROM payments WHERE status IN ('captured', 'partially_refunded', 'refunded')",
    ),
    (
        "payments",
        "refunded",
        "amount",
        "SELECT coalesce(sum(amount), 0) FROM refunds WHERE status = 'processed'",
    ),
)


async def show(stores: Stores, area: Area, first: date, last: date) -> Any:
    query_type = FiguresQuery if area.is_scoped else PeriodQuery
    query = query_type(**{"from": first, "to": last})
    return await stores.database.run(lambda db: area_staff_service.show(db, ALL, area, query))


async def scalar(stores: Stores, sql: str) -> int:
    async with stores.database.transaction() as db:
        return int(await db.scalar(text(sql)) or 0)


async def test_after_a_life_each_area_says_what_the_tables_and_the_ledger_say(lived: Stores) -> None:
    await area_service.count_areas(lived.database)
    today = clock.now().astimezone(clock.IST).date()
    shown = {area.name: await show(lived, area, today - timedelta(days=700), today) for area in AREAS}
    for area, fact, measure, sql in OWED:
        value = getattr(getattr(shown[area].totals, fact), measure)
        assert (value if measure == "count" else value.paise) == await scalar(lived, sql), (area, fact)
    assert shown["payments"].totals.captured.count > 0
    assert shown["offers"].totals.used.amount.paise > 0
    assert {part.key for part in shown["delivery"].distributions.operator}
    for figures in shown.values():
        fact = first_fact(figures)
        assert sum(getattr(day, fact).count for day in figures.daily) == getattr(figures.totals, fact).count


def first_fact(figures: Any) -> str:
    return next(iter(type(figures.totals).model_fields))


async def test_counting_again_changes_nothing_and_each_wrong_row_is_noticed_and_mended(lived: Stores) -> None:
    await area_service.count_areas(lived.database)
    assert await area_service.count_areas(lived.database) == 0
    with clock.later(days=3):
        assert await area_service.find_differences(lived.database, None) == []
        async with lived.database.transaction() as db:
            await db.execute(
                text("UPDATE area_figures SET amount = amount + 1 WHERE fact = 'captured' AND cut = 'all'")
            )
            await db.execute(text("DELETE FROM area_figures WHERE fact = 'registered' AND cut = 'hour'"))
            await db.execute(
                text(
                    "INSERT INTO area_figures SELECT area, cut, day, 'paid', operator, 'x', 1, 1 FROM area_figures LIMIT 1"
                )
            )
        wrong = await area_service.find_differences(lived.database, None)
        assert {(row["fact"], row["cut"]) for row in wrong} >= {("captured", "all"), ("registered", "hour")}
        assert await area_service.count_areas(lived.database) >= len(wrong)
        assert await area_service.find_differences(lived.database, None) == []


async def test_an_area_is_counted_from_its_beginning_the_first_time(shop: Stores) -> None:
    long_ago = clock.now() - timedelta(days=400)
    async with shop.database.transaction() as db:
        await db.execute(text("DELETE FROM area_counts"))
        await db.execute(text("DELETE FROM area_figures"))
        await db.execute(
            text(
                "INSERT INTO users (user_id, phone_number, referral_code, registered_at)"
                " VALUES (gen_random_uuid(), '+919000000001', 'AREAS1', :at)"
            ),
            {"at": long_ago},
        )
    assert await area_service.count_areas(shop.database, 2) > 0
    day = long_ago.astimezone(clock.IST).date()
    assert (await show(shop, BY_NAME["users"], day, day)).totals.registered.count == 1


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
async def test_an_area_in_which_nothing_happened_has_zeros(shop: Stores, area: Area) -> None:
    figures = await show(shop, area, date(2999, 1, 1), date(2999, 1, 2))
    facts = figures.totals.model_dump()
    assert {fact["count"] for fact in facts.values()} == {0}
    assert len(figures.daily) == 2
    assert figures.growth.week_over_week_percent is None
