"""`recharge_terms`: each rule by itself, which rule comes first, and the plan as it would stand on the number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.plans.models import Plan
from gencharge.recharge.models import SaleOutcome
from tests.make.money import buy, find_plan, find_talktime, make_customer, make_number
from tests.make.recharge import run_sql

_TERMS = text("""
    SELECT outcome, known, price, channel, (plan).status AS status, (plan).valid_from AS valid_from,
           (plan).valid_until AS valid_until, (plan).plan_name AS plan_name, (running).recharge_id AS running_id
    FROM recharge_terms(
        p_user => :user_id, p_phone => :phone_number, p_plan => :plan_id, p_hint => :hint, p_replace => :replace,
        p_confirmed => :confirmed, p_window_seconds => :window, p_now => :now,
        p_stated => CAST(:stated AS jsonb))
""")


async def terms(stores: Stores, phone_number: str, plan_id: UUID, **overrides: Any) -> Any:
    """The row that the function returns. `overrides`: of its arguments."""
    values: dict[str, Any] = {
        "user_id": uuid4(),
        "phone_number": phone_number,
        "plan_id": plan_id,
        "hint": None,
        "replace": False,
        "confirmed": False,
        "window": 60,
        "now": clock.now(),
        "stated": None,
    }
    async with stores.database.transaction() as db:
        return (await db.execute(_TERMS, values | overrides)).one()


@asynccontextmanager
async def changed(stores: Stores, plan: Plan, **columns: Any) -> AsyncIterator[None]:
    """The plan with other values, for the time of the block."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    before = {name: getattr(plan, name) for name in columns}
    statement = f"UPDATE plans SET {names} WHERE plan_id = :plan_id"
    await run_sql(stores, statement, plan_id=plan.plan_id, **columns)
    try:
        yield
    finally:
        await run_sql(stores, statement, plan_id=plan.plan_id, **before)


# Nothing stands against it


async def test_a_plan_that_fits_starts_now(shop: Stores) -> None:
    number, plan, now = await make_number(shop), await find_plan(shop), clock.now()
    row = await terms(shop, number, plan.plan_id, now=now)
    assert (row.outcome, row.known, row.price, row.channel) == (None, None, 29_900, "internal")
    assert (row.status, row.valid_from, row.valid_until) == ("active", now, now + timedelta(days=28))
    assert (row.plan_name, row.running_id) == (plan.name, None)


@pytest.mark.parametrize(("replace", "status"), [(False, "queued"), (True, "active")])
async def test_behind_an_active_base_plan_it_queues_or_replaces(
    shop: Stores, replace: bool, status: str
) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop), await find_plan(shop)
    sale = (await buy(shop, user_id, number, plan.plan_id)).answer
    row = await terms(shop, number, (await find_plan(shop, rupees=349)).plan_id, replace=replace)
    assert (row.outcome, row.status, row.running_id) == (None, status, sale.recharge_id)
    assert (row.valid_until is None) == (status == "queued")


async def test_an_addon_never_queues_and_ends_with_the_base_plan(shop: Stores) -> None:
    user_id, number = await make_customer(shop), await make_number(shop)
    base = (await buy(shop, user_id, number, (await find_plan(shop)).plan_id)).answer
    for replace in (False, True):
        row = await terms(shop, number, (await find_plan(shop, rupees=19)).plan_id, replace=replace)
        assert (row.outcome, row.status, row.valid_until) == (None, "active", base.valid_until)


@pytest.mark.parametrize("paise", [10_00, 11_00, 1_234_00, 2_000_00])
async def test_a_plan_of_any_amount_costs_what_is_stated(shop: Stores, paise: int) -> None:
    number, plan = await make_number(shop), await find_talktime(shop)
    row = await terms(shop, number, plan.plan_id, stated=f'{{"amount": {paise}}}')
    assert (row.outcome, row.price, row.status) == (None, paise, "active")


# Each rule


@pytest.mark.parametrize(
    "stated",
    [None, "{}", '{"operator": "JIO"}', *(f'{{"amount": {each}}}' for each in (1, 9_99, 10_01, 2_001_00))],
)
async def test_an_amount_that_the_plan_is_not_sold_for(shop: Stores, stated: str | None) -> None:
    number, plan = await make_number(shop), await find_talktime(shop)
    row = await terms(shop, number, plan.plan_id, stated=stated)
    assert (row.outcome, row.known) == (SaleOutcome.AMOUNT_INVALID, "1000 200000 100")


async def test_an_amount_for_a_plan_with_one_price(shop: Stores) -> None:
    number, plan = await make_number(shop), await find_plan(shop)
    row = await terms(shop, number, plan.plan_id, stated='{"amount": 29900}')
    assert (row.outcome, row.known) == (SaleOutcome.AMOUNT_INVALID, None)


async def test_a_plan_that_does_not_exist(shop: Stores) -> None:
    row = await terms(shop, await make_number(shop), uuid4())
    assert (row.outcome, row.price, row.plan_name) == (SaleOutcome.PLAN_NOT_FOUND, None, None)


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({"status": "inactive"}, SaleOutcome.PLAN_INACTIVE),
        ({"status": "draft"}, SaleOutcome.PLAN_INACTIVE),
        ({"active_from": 1}, SaleOutcome.PLAN_INACTIVE),
        ({"active_from": 0}, None),
        ({"active_from": -1}, None),
        ({"active_until": 1}, None),
        ({"active_until": 0}, SaleOutcome.PLAN_INACTIVE),
        ({"active_until": -1}, SaleOutcome.PLAN_INACTIVE),
    ],
)
async def test_a_plan_is_sold_from_its_first_instant_to_before_its_last(
    shop: Stores, columns: dict[str, Any], outcome: SaleOutcome | None
) -> None:
    plan, number, now = await find_plan(shop, "VI", 299), await make_number(shop, "VI"), clock.now()
    values = {
        name: now + timedelta(seconds=value) if isinstance(value, int) else value
        for name, value in columns.items()
    }
    async with changed(shop, plan, **values):
        assert (await terms(shop, number, plan.plan_id, now=now)).outcome == outcome


async def test_a_hint_counts_only_if_nothing_is_known_of_the_number(shop: Stores) -> None:
    plan, unknown = await find_plan(shop), "+916000000001"
    for hint, outcome in (("VI", SaleOutcome.OPERATOR_MISMATCH), ("JIO", None), (None, None)):
        row = await terms(shop, unknown, plan.plan_id, hint=hint)
        assert (row.outcome, row.known) == (outcome, hint if outcome else None)
    known = await terms(shop, await make_number(shop, "AIRTEL"), plan.plan_id, hint="JIO")
    assert (known.outcome, known.known) == (SaleOutcome.OPERATOR_MISMATCH, "AIRTEL")


@pytest.mark.parametrize(
    ("circles", "circle", "refused"),
    [
        ([], None, False),
        ([], "KA", False),
        (["KA"], "KA", False),
        (["KA"], "MH", True),
        (["KA", "MH"], None, True),
    ],
)
async def test_a_plan_of_some_circles_is_for_numbers_of_these(
    shop: Stores, circles: list[str], circle: str | None, refused: bool
) -> None:
    plan, number = await find_plan(shop, rupees=189), await make_number(shop, circle=circle)
    async with changed(shop, plan, circles=circles):
        row = await terms(shop, number, plan.plan_id)
    assert row.outcome == (SaleOutcome.CIRCLE_MISMATCH if refused else None)
    assert row.known == (circle if refused else None)


def _maintenance(begins: str, ends: str, words: str = "'down'") -> str:
    """What an UPDATE of an operator sets, in SQL."""
    return (
        f"maintenance_from = {begins}, maintenance_until = {ends}, "
        f"maintenance_text = {words}, maintenance_text_hi = {words}"
    )


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ("status = 'down'", SaleOutcome.OPERATOR_DOWN),
        ("is_active = false", SaleOutcome.OPERATOR_DOWN),
        ("channel = 'api'", SaleOutcome.OPERATOR_CHANNEL_UNAVAILABLE),
        ("status = 'degraded'", None),
        (_maintenance("now() - interval '1 h'", "now() + interval '1 h'"), SaleOutcome.OPERATOR_DOWN),
        (_maintenance("now() + interval '1 h'", "now() + interval '2 h'"), None),
        (_maintenance("now() - interval '2 h'", "now() - interval '1 h'"), None),
    ],
)
async def test_an_operator_that_cannot_deliver(
    shop: Stores, change: str, outcome: SaleOutcome | None
) -> None:
    plan, number = await find_plan(shop, "VI", 299), await make_number(shop, "VI")
    await run_sql(shop, f"UPDATE operators SET {change} WHERE code = 'VI'")
    try:
        row = await terms(shop, number, plan.plan_id)
    finally:
        undo = "status = 'up', is_active = true, channel = 'internal', " + _maintenance(
            "NULL", "NULL", "NULL"
        )
        await run_sql(shop, f"UPDATE operators SET {undo} WHERE code = 'VI'")
    assert row.outcome == outcome


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ("max_amount = 29900", None),
        ("max_amount = 29899", SaleOutcome.OPERATOR_CHANNEL_UNAVAILABLE),
        ("min_amount = 29900", None),
        ("min_amount = 29901", SaleOutcome.OPERATOR_CHANNEL_UNAVAILABLE),
        ("is_active = false", SaleOutcome.OPERATOR_CHANNEL_UNAVAILABLE),
    ],
)
async def test_a_channel_has_to_take_the_amount(
    jio: Stores, change: str, outcome: SaleOutcome | None
) -> None:
    plan, number = await find_plan(jio), await make_number(jio)
    await run_sql(jio, f"UPDATE operator_channels SET {change} WHERE operator = 'JIO'")
    try:
        row = await terms(jio, number, plan.plan_id)
    finally:
        undo = "min_amount = 1, max_amount = 10000000, is_active = true"
        await run_sql(jio, f"UPDATE operator_channels SET {undo} WHERE operator = 'JIO'")
        await run_sql(jio, "UPDATE operators SET channel = 'internal' WHERE code = 'JIO'")
        await run_sql(jio, "UPDATE operators SET channel = 'api' WHERE code = 'JIO'")
    assert (row.outcome, row.channel) == (outcome, "api")


async def test_an_addon_that_follows_the_base_plan_needs_one(shop: Stores) -> None:
    number, addon = await make_number(shop, "AIRTEL"), await find_plan(shop, "AIRTEL", 77)
    assert (await terms(shop, number, addon.plan_id)).outcome == SaleOutcome.BASE_PLAN_REQUIRED
    base = await find_plan(shop, "AIRTEL", 299)
    await buy(shop, await make_customer(shop), number, base.plan_id)
    assert (await terms(shop, number, addon.plan_id)).outcome is None


@pytest.mark.parametrize(
    ("window", "seconds_ago", "confirmed", "duplicate"),
    [
        (60, 59, False, True),
        (60, 60, False, False),
        (60, 61, False, False),
        (60, 1, True, False),
        (0, 0, False, False),
        (3_600, 3_599, False, True),
    ],
)
async def test_a_duplicate_is_the_same_plan_within_the_window(
    shop: Stores, window: int, seconds_ago: int, confirmed: bool, duplicate: bool
) -> None:
    user_id, number, plan = await make_customer(shop), await make_number(shop, "AIRTEL"), None
    plan = await find_plan(shop, "AIRTEL", 299)
    bought_at: datetime = (await buy(shop, user_id, number, plan.plan_id)).answer.created_at
    arguments: dict[str, Any] = {
        "now": bought_at + timedelta(seconds=seconds_ago),
        "window": window,
        "confirmed": confirmed,
    }
    row = await terms(shop, number, plan.plan_id, **arguments)
    assert row.outcome == (SaleOutcome.DUPLICATE_RECHARGE if duplicate else None)
    other = await terms(shop, number, (await find_plan(shop, "AIRTEL", 349)).plan_id, **arguments)
    assert other.outcome is None


# What the caller states


async def test_a_stated_operator_counts_before_what_is_known_and_before_the_hint(shop: Stores) -> None:
    number, plan = await make_number(shop, "VI"), await find_plan(shop, "JIO")
    assert (await terms(shop, number, plan.plan_id)).outcome == SaleOutcome.OPERATOR_MISMATCH
    assert (await terms(shop, number, plan.plan_id, stated='{"operator": "JIO"}')).outcome is None
    refused = await terms(
        shop, number, (await find_plan(shop, "VI")).plan_id, stated='{"operator": "JIO"}', hint="VI"
    )
    assert (refused.outcome, refused.known) == (SaleOutcome.OPERATOR_MISMATCH, "JIO")


async def test_what_is_known_of_the_number_at_another_operator_is_not_its_service_type_now(
    shop: Stores,
) -> None:
    number, plan = await make_number(shop, "VI", service_type="postpaid"), await find_plan(shop, "JIO")
    assert (await terms(shop, number, plan.plan_id, stated='{"operator": "JIO"}')).outcome is None
    same = await find_plan(shop, "VI")
    row = await terms(shop, number, same.plan_id, stated='{"operator": "VI"}')
    assert row.outcome == SaleOutcome.SERVICE_TYPE_MISMATCH


async def test_a_stated_circle_opens_and_closes_plans_of_a_circle(shop: Stores) -> None:
    number, plan = await make_number(shop, circle="KA"), await find_plan(shop)
    async with changed(shop, plan, circles=["MH"]):
        assert (await terms(shop, number, plan.plan_id)).outcome == SaleOutcome.CIRCLE_MISMATCH
        assert (await terms(shop, number, plan.plan_id, stated='{"circle": "MH"}')).outcome is None
    async with changed(shop, plan, circles=["KA"]):
        row = await terms(shop, number, plan.plan_id, stated='{"circle": "MH"}')
        assert (row.outcome, row.known) == (SaleOutcome.CIRCLE_MISMATCH, "MH")


# Which rule comes first


async def test_the_first_rule_that_is_broken_is_the_outcome(shop: Stores) -> None:
    """Broken all at once, then mended one after the other."""
    plan, user_id = await find_plan(shop, "VI", 349), await make_customer(shop)
    number = await make_number(shop, "JIO", service_type="postpaid", circle="KA")
    seen = []
    async with changed(shop, plan, status="inactive", circles=["MH"]):
        await run_sql(shop, "UPDATE operators SET status = 'down' WHERE code = 'VI'")
        try:
            for mend in (
                "UPDATE plans SET status = 'active' WHERE plan_id = :plan_id",
                "UPDATE connections SET operator = 'VI' WHERE phone_number = :number",
                "UPDATE connections SET service_type = 'prepaid' WHERE phone_number = :number",
                "UPDATE plans SET circles = '{}' WHERE plan_id = :plan_id",
                "UPDATE operators SET status = 'up' WHERE code = 'VI'",
            ):
                seen.append((await terms(shop, number, plan.plan_id, user_id=user_id)).outcome)
                values = {"plan_id": plan.plan_id} if ":plan_id" in mend else {}
                values |= {"number": number} if ":number" in mend else {}  # type: ignore[dict-item]
                await run_sql(shop, mend, **values)
        finally:
            await run_sql(shop, "UPDATE operators SET status = 'up' WHERE code = 'VI'")
        assert (await terms(shop, number, plan.plan_id, user_id=user_id)).outcome is None
    assert seen == [
        SaleOutcome.PLAN_INACTIVE,
        SaleOutcome.OPERATOR_MISMATCH,
        SaleOutcome.SERVICE_TYPE_MISMATCH,
        SaleOutcome.CIRCLE_MISMATCH,
        SaleOutcome.OPERATOR_DOWN,
    ]
