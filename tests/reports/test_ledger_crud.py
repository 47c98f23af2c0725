"""Reports from the ledger: their sums are the ledger's, to the paisa."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from tests.make.money import balance, buy, find_plan, make_customer, make_number
from tests.make.reports import a_user, file_of, order_of, read_csv, rows_of

PARTS = (
    "paid_by_customers",
    "discounts",
    "refunds",
    "discounts_back",
    "commission",
    "commission_back",
    "other",
)


async def one(stores: Stores, statement: str, **values: Any) -> Any:
    async with stores.database.transaction() as db:
        return await db.scalar(text(statement), values)


async def test_what_is_payable_is_what_the_operators_accounts_hold(shop: Stores) -> None:
    for operator in ("JIO", "AIRTEL", "JIO"):
        plan = await find_plan(shop, operator, 299)
        await buy(shop, await make_customer(shop), await make_number(shop, operator), plan.plan_id)
    rows = await rows_of(shop, "settlement")
    assert {row["operator"] for row in rows} == {"JIO", "AIRTEL"}
    for row in rows:
        assert sum(Decimal(row[part]) for part in PARTS) == Decimal(row["payable"])
        account = f"operator:{row['operator'].lower()}"
        held = await one(
            shop,
            """
            SELECT sum(CASE WHEN credit = :account THEN amount WHEN debit = :account THEN -amount END)
            FROM (SELECT user_id, credit, debit, amount FROM transfers) AS moved
            """,
            account=account,
        )
        assert Decimal(row["payable"]) * 100 == held
    only = await rows_of(shop, "settlement", operator="jio")
    assert [row["operator"] for row in only] == ["JIO"]
    assert only[0]["recharges"] == "2"


async def test_the_ledger_has_every_transfer(shop: Stores) -> None:
    await make_customer(shop)
    rows = await rows_of(shop, "ledger")
    assert len(rows) == await one(shop, "SELECT count(*) FROM transfers WHERE user_id IS NOT NULL")
    total = await one(shop, "SELECT sum(amount) FROM transfers WHERE user_id IS NOT NULL")
    assert sum(Decimal(row["amount"]) for row in rows) * 100 == total
    assert "opening" in {row["kind"] for row in rows}


async def test_a_statement_goes_from_balance_to_balance(shop: Stores) -> None:
    user_id = await make_customer(shop, rupees=1000)
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, user_id, await make_number(shop), plan.plan_id)
    other = await make_customer(shop)
    opening, *rows, closing = read_csv(
        await file_of(shop, order_of(shop, "statement", principal=a_user(user_id)))
    )
    assert (opening["kind"], opening["balance"]) == ("opening_balance", "0.00")
    running = Decimal(0)
    for row in rows:
        running += Decimal(row["credit"] or 0) - Decimal(row["debit"] or 0)
        assert Decimal(row["balance"]) == running
    assert Money.rupees(running) == await balance(shop, user_id)
    assert len(rows) == 2
    assert (closing["kind"], closing["balance"]) == ("closing_balance", rows[-1]["balance"])
    # A time begins with the balance that was there before it.
    later = ["1000.00", "701.00", "701.00"]
    since = await one(
        shop,
        "SELECT created_at FROM transfers WHERE user_id = :user_id AND debit = 'user:main'",
        user_id=user_id,
    )
    asked = order_of(shop, "statement", principal=a_user(user_id), **{"from": since.isoformat()})
    assert [row["balance"] for row in read_csv(await file_of(shop, asked))] == later
    theirs = read_csv(await file_of(shop, order_of(shop, "statement", principal=a_user(other))))
    assert [row["kind"] for row in theirs] == ["opening_balance", "opening", "closing_balance"]


async def test_the_statements_of_the_months_hang_together(shop: Stores) -> None:
    this_month = clock.start_of_day(clock.now().astimezone(clock.IST).date().replace(day=1))
    with clock.at(this_month - timedelta(seconds=1)):  # the last one of the month before, in India
        user_id = await make_customer(shop, rupees=1000)
    plan = await find_plan(shop, "JIO", 299)
    await buy(shop, user_id, await make_number(shop), plan.plan_id)

    async def months(day: datetime) -> list[tuple[str, str]]:
        month = f"{day.astimezone(clock.IST):%Y-%m}"
        order = order_of(shop, "statement", principal=a_user(user_id), month=month)
        return [(row["kind"], row["balance"]) for row in read_csv(await file_of(shop, order))]

    assert await months(this_month - timedelta(days=40)) == [
        ("opening_balance", "0.00"),
        ("closing_balance", "0.00"),
    ]
    assert await months(this_month - timedelta(days=1)) == [
        ("opening_balance", "0.00"),
        ("opening", "1000.00"),
        ("closing_balance", "1000.00"),
    ]
    assert await months(this_month) == [
        ("opening_balance", "1000.00"),
        ("recharge", "701.00"),
        ("closing_balance", "701.00"),
    ]
