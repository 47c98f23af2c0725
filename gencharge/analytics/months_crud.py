"""Sums of the figures by calendar month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import MEASURES, Cut
from gencharge.core.postgres.connection import allow_long_statements

_KEYS: Final = "cut, month, operator, key"
_SUMMED: Final = f"""
    SELECT cut, date_trunc('month', day)::date AS month, operator, key,
           {", ".join(f"sum({name})::bigint AS {name}" for name in MEASURES)}
    FROM recharge_figures WHERE day >= :first AND day < :until GROUP BY 1, 2, 3, 4
"""
# Every fact counts in the cut `all`, so a month without a row there has no sums.
_MISSING: Final = text(f"""
    SELECT DISTINCT date_trunc('month', day)::date FROM recharge_figures
    WHERE cut = '{Cut.ALL}' AND day < :until
    EXCEPT SELECT month FROM recharge_month_figures WHERE cut = '{Cut.ALL}' ORDER BY 1
""")
_SUM: Final = text(f"""
    INSERT INTO recharge_month_figures ({_KEYS}, {", ".join(MEASURES)}) {_SUMMED}
    ON CONFLICT ({_KEYS}) DO NOTHING
""")
_DIFFERENCES: Final = text(f"""
    WITH due AS ({_SUMMED}), own AS (SELECT * FROM recharge_month_figures WHERE month >= :first AND month < :until)
    SELECT coalesce(due.month, own.month) AS month, coalesce(due.operator, own.operator) AS operator,
           coalesce(due.cut, own.cut) AS cut, coalesce(due.key, own.key) AS key,
           {", ".join(f"coalesce(own.{name}, 0) - coalesce(due.{name}, 0) AS {name}" for name in MEASURES)}
    FROM due FULL JOIN own USING (cut, month, operator, key)
    WHERE coalesce(due.month, own.month) IN (SELECT month FROM own)
      AND ({" OR ".join(f"coalesce(own.{name}, 0) <> coalesce(due.{name}, 0)" for name in MEASURES)})
    ORDER BY 1, 2, 3, 4
""")


async def list_missing(db: AsyncSession, until: date) -> Sequence[date]:
    """The first days of the months before `until`, which is a month's first day, that have figures and no sums yet."""
    return (await db.scalars(_MISSING, {"until": until})).all()


async def sum_month(db: AsyncSession, first: date, until: date) -> None:
    """Sum the month from `first` up to, not including, `until`. Counting waits until the transaction ends: else something might be
    counted on a day of it that neither this sum nor `forget_months` of the one who counts sees."""
    await allow_long_statements(db)
    await db.execute(text("LOCK TABLE recharge_figures IN SHARE MODE"))
    await db.execute(_SUM, {"first": first, "until": until})


async def list_differences(db: AsyncSession, first: date, until: date) -> list[dict[str, Any]]:
    """The rows of the months in question that are not the sums of their days: their keys, and by how much each measure is too high.
    Months that are not summed are no difference. Both are the first days of months. Give it one snapshot."""
    rows = await db.execute(_DIFFERENCES, {"first": first, "until": until})
    return [dict(row) for row in rows.mappings()]
