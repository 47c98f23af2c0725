"""The figures of recharges once more, from the tables and from the ledger: to make them new, and to compare them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.crud import NAMES, OF_EVENTS, OF_TABLES, WAITING, counted, forget_months
from gencharge.analytics.models import MEASURES, Cut
from gencharge.core.postgres.connection import LONG_STATEMENT_SECONDS, allow_long_statements
from gencharge.core.values import clock
from gencharge.recharge.models import Recharge
from gencharge.wallet.models import Account, Code

_NOT_COUNTED: Final = f"SELECT * FROM ({OF_EVENTS}) AS waiting WHERE at >= :since AND at < :until"
# What the figures of the window must be: all facts, less those whose events were not counted yet.
_DUE: Final = f"""
    SELECT day, operator, cut, key, {", ".join(f"sum({name})::bigint AS {name}" for name in MEASURES)}
    FROM ({counted(OF_TABLES)} UNION ALL {counted(_NOT_COUNTED, sign="-")}) AS parts
    GROUP BY day, operator, cut, key
"""
_OWN: Final = "SELECT * FROM recharge_figures WHERE day >= :first AND day < :last"
# What is taken off is exact whatever was counted since: counting only adds, and adds the same to both sides of the comparison.
_CORRECT: Final = text(f"""
    INSERT INTO recharge_figures AS figures ({NAMES})
    SELECT day, operator, cut, key, {", ".join(f"-{name}" for name in MEASURES)}
    FROM jsonb_to_recordset(CAST(:differences AS jsonb))
        AS wrong(day date, operator text, cut text, key text, {", ".join(f"{name} bigint" for name in MEASURES)})
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (day, operator, cut, key) DO UPDATE SET
        {", ".join(f"{name} = figures.{name} + excluded.{name}" for name in MEASURES)}
""")
_CLEAR_EMPTY: Final = text(f"""
    DELETE FROM recharge_figures
    WHERE day >= :first AND day < :last AND {" AND ".join(f"{name} = 0" for name in MEASURES)}
""")
_DIFFERENCES: Final = text(f"""
    WITH happened AS ({WAITING}), due AS ({_DUE})
    SELECT coalesce(due.day, own.day) AS day, coalesce(due.operator, own.operator) AS operator,
           coalesce(due.cut, own.cut) AS cut, coalesce(due.key, own.key) AS key,
           {", ".join(f"coalesce(own.{name}, 0) - coalesce(due.{name}, 0) AS {name}" for name in MEASURES)}
    FROM due FULL JOIN ({_OWN}) AS own
        ON own.day = due.day AND own.operator = due.operator AND own.cut = due.cut AND own.key = due.key
    WHERE {" OR ".join(f"coalesce(own.{name}, 0) <> coalesce(due.{name}, 0)" for name in MEASURES)}
    ORDER BY 1, 2, 3, 4
""")
# Each sum of money and how the ledger has it, by the account that gave or got it.
_BOOKED: Final = {
    "paid": f"code IN ({Code.RECHARGE:d}, {Code.CAPTURE:d})",
    "delivered_discount": f"code = {Code.DISCOUNT:d} AND debit = '{Account.DISCOUNT}'",
    "cashback": f"code = {Code.CASHBACK:d} AND debit = '{Account.CASHBACK}'",
    "commission": f"code = {Code.COMMISSION:d} AND credit = '{Account.REVENUE}'",
    # What a gateway paid too late is released under the payment's key: no part of the failure.
    "released": f"code = {Code.RELEASE:d} AND key = reference_id::text",
    "refunded": f"code = {Code.REFUND:d}",
    "refunded_discount": f"code = {Code.DISCOUNT:d} AND credit = '{Account.DISCOUNT}'",
    "refunded_cashback": f"code = {Code.CASHBACK:d} AND credit = '{Account.CASHBACK}'",
    "refunded_commission": f"code = {Code.COMMISSION:d} AND debit = '{Account.REVENUE}'",
}
_OF_FIGURES: Final = {
    name: "delivered_price - delivered_discount" if name == "paid" else name for name in _BOOKED
}
_AGAINST_LEDGER: Final = text(f"""
    WITH happened AS ({WAITING}), own AS (
        SELECT day, operator, {", ".join(f"sum({sum_})::bigint AS {name}" for name, sum_ in _OF_FIGURES.items())}
        FROM (SELECT {NAMES} FROM ({_OWN}) AS counted UNION ALL SELECT {NAMES} FROM ({counted(_NOT_COUNTED)}) AS waiting) AS parts
        WHERE cut = '{Cut.ALL}' GROUP BY day, operator
    ), booked AS (
        SELECT (created_at AT TIME ZONE 'Asia/Kolkata')::date AS day, operator,
               {", ".join(f"coalesce(sum(amount) FILTER (WHERE {rule}), 0)::bigint AS {name}" for name, rule in _BOOKED.items())}
        FROM (SELECT user_id, created_at, operator, code, debit, credit, key, reference_id, amount FROM transfers) AS moved
        WHERE created_at >= :since AND created_at < :until AND operator IS NOT NULL GROUP BY 1, 2
    )
    SELECT coalesce(own.day, booked.day) AS day, coalesce(own.operator, booked.operator) AS operator,
           {", ".join(f"coalesce(own.{name}, 0) - coalesce(booked.{name}, 0) AS {name}" for name in _BOOKED)}
    FROM own FULL JOIN booked ON booked.day = own.day AND booked.operator = own.operator
    WHERE {" OR ".join(f"coalesce(own.{name}, 0) <> coalesce(booked.{name}, 0)" for name in _BOOKED)}
    ORDER BY 1, 2
""")


async def hold_corrections(db: AsyncSession) -> None:
    """Wait until nobody else corrects figures, and keep others from it until the end of the transaction, which does nothing else and may
    be idle for an hour. Counting goes on."""
    await db.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{LONG_STATEMENT_SECONDS}s'"))
    # Who waits for this lock keeps nobody from counting.
    await db.execute(text(f"SET LOCAL lock_timeout = '{LONG_STATEMENT_SECONDS}s'"))
    await allow_long_statements(db)
    await db.execute(text("LOCK TABLE recharge_figures IN SHARE UPDATE EXCLUSIVE MODE"))


async def correct(db: AsyncSession, differences: Sequence[dict[str, Any]], first: date, last: date) -> None:
    """Take the differences off the figures, which `list_differences` found for the days from `first` up to, not including, `last`.
    Another transaction did `hold_corrections` before they were looked for, and is still open."""
    await allow_long_statements(db)
    await db.execute(_CORRECT, {"differences": json.dumps(differences, default=str)})
    await db.execute(_CLEAR_EMPTY, {"first": first, "last": last})
    await forget_months(db, first, last)


async def list_differences(db: AsyncSession, first: date, last: date) -> list[dict[str, Any]]:
    """The rows of the days from `first` up to, not including, `last` that are not as the tables say: their keys, and by how much
    each measure is too high. Give it one snapshot."""
    rows = await db.execute(_DIFFERENCES, {"first": first, "last": last, **_window(first, last)})
    return [dict(row) for row in rows.mappings()]


async def list_differences_with_ledger(db: AsyncSession, first: date, last: date) -> list[dict[str, Any]]:
    """The days and operators whose money is not the ledger's, and by how many paise each sum is too high. Give it one snapshot."""
    rows = await db.execute(_AGAINST_LEDGER, {"first": first, "last": last, **_window(first, last)})
    return [dict(row) for row in rows.mappings()]


async def first_day(db: AsyncSession) -> date | None:
    """The day in India of the first recharge; None if there is none."""
    first: datetime | None = await db.scalar(select(func.min(Recharge.created_at)))
    return None if first is None else first.astimezone(clock.IST).date()


def _window(first: date, last: date) -> dict[str, datetime]:
    return {"since": clock.start_of_day(first), "until": clock.start_of_day(last)}
