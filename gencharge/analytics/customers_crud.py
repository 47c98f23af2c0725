"""Counting customers by the month of their first recharge, by segment, and the plans that were renewed; and reading what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics.models import CustomerArea, CustomerFigures
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.recharge.models import segment_models

# Of all operators together: customers of two operators count once.
ALL_OPERATORS: Final = ""
_YEAR: Final = timedelta(days=365)
# A plan is renewed if the next one of the number at the same operator starts within so many days of its end.
RENEWAL_DAYS: Final = 7
# The renewal rate is that of the plans that ended in so many days, as soon as these seven days are over.
RATE_DAYS: Final = 30


def _score(value: str, bounds: Sequence[int], operator: str) -> str:
    cases = (f"WHEN {value} {operator} {bound} THEN {5 - place}" for place, bound in enumerate(bounds))
    return f"CASE {' '.join(cases)} ELSE 1 END"


_SCORES: Final = ", ".join(
    (
        _score("days", segment_models.RECENCY_DAYS, "<=") + " AS recency",
        _score("recharges", segment_models.FREQUENCY, ">=") + " AS frequency",
        _score("amount", [rupees * 100 for rupees in segment_models.MONEY_RUPEES], ">=") + " AS money",
    )
)
_SEGMENT: Final = "CASE {} END".format(
    " ".join(
        f"WHEN recency >= {one.recency} AND frequency >= {one.frequency} AND money >= {one.money} THEN '{one.key}'"
        for one in segment_models.SEGMENTS
    )
)
# One pass over the recharges, to a row for each customer, operator and month; all else is counted from these.
_COUNT: Final = text(f"""
    WITH sales AS MATERIALIZED (
        SELECT user_id, operator, date_trunc('month', created_at AT TIME ZONE 'Asia/Kolkata')::date AS month,
               count(*) AS recharges, sum(wallet_amount + gateway_amount) AS amount, max(created_at) AS last_at,
               count(*) FILTER (WHERE created_at >= :year_ago) AS year_recharges,
               coalesce(sum(wallet_amount + gateway_amount) FILTER (WHERE created_at >= :year_ago), 0) AS year_amount
        FROM recharges WHERE user_id IS NOT NULL AND status IN ('delivered', 'refunded') AND created_at < :now
        GROUP BY 1, 2, 3
    ), scoped AS MATERIALIZED (
        SELECT * FROM sales
        UNION ALL SELECT user_id, '{ALL_OPERATORS}', month, sum(recharges), sum(amount), max(last_at), sum(year_recharges), sum(year_amount)
        FROM sales GROUP BY user_id, month
    ), cohorts AS (
        SELECT operator, to_char(first, 'YYYY-MM') AS key,
               ((extract(year FROM month) - extract(year FROM first)) * 12 + extract(month FROM month) - extract(month FROM first))::int
                   AS part,
               count(*) AS customers, sum(recharges) AS recharges, sum(amount) AS amount
        FROM (SELECT *, min(month) OVER (PARTITION BY operator, user_id) AS first FROM scoped) AS months
        GROUP BY operator, first, month
    ), segments AS (
        SELECT operator, {_SEGMENT} AS key, 0 AS part, count(*) AS customers, sum(recharges) AS recharges, sum(amount) AS amount
        FROM (
            SELECT operator, recharges, amount, {_SCORES} FROM (
                SELECT operator, (extract(epoch FROM :now - max(last_at)) / 86400)::numeric AS days,
                       sum(year_recharges) AS recharges, sum(year_amount) AS amount
                FROM scoped GROUP BY operator, user_id
            ) AS people
        ) AS scored GROUP BY 1, 2
    ), renewals AS (
        SELECT operator, '' AS key, 0 AS part, count(*) AS customers, count(*) FILTER (WHERE is_renewed) AS recharges, 0 AS amount
        FROM (
            SELECT ended.operator, EXISTS (
                SELECT FROM active_plans AS next WHERE next.phone_number = ended.phone_number AND next.operator = ended.operator
                  AND NOT next.is_addon AND next.status IN ('active', 'expired', 'replaced') AND next.recharge_id <> ended.recharge_id
                  AND next.valid_from >= ended.valid_until
                  AND next.valid_from < ended.valid_until + interval '{RENEWAL_DAYS} days'
            ) AS is_renewed
            FROM active_plans AS ended WHERE ended.phone_number IS NOT NULL AND NOT ended.is_addon AND ended.status = 'expired'
              AND ended.valid_until >= CAST(:now AS timestamptz) - interval '{RATE_DAYS + RENEWAL_DAYS} days'
              AND ended.valid_until < CAST(:now AS timestamptz) - interval '{RENEWAL_DAYS} days'
        ) AS ended GROUP BY operator
    )
    INSERT INTO customer_figures (area, operator, key, part, customers, recharges, amount, counted_at)
    SELECT '{CustomerArea.COHORTS}', *, CAST(:now AS timestamptz) FROM cohorts
    UNION ALL SELECT '{CustomerArea.SEGMENTS}', *, CAST(:now AS timestamptz) FROM segments
    UNION ALL SELECT '{CustomerArea.RENEWALS}', *, CAST(:now AS timestamptz) FROM renewals
""")


class CustomerRow(NamedTuple):
    """Customers of a key: how many, their recharges, and what they paid, in paise. Of CustomerArea.RENEWALS `customers` are the plans
    that ended, and `recharges` those that were renewed."""

    operator: str
    key: str
    part: int
    customers: int
    recharges: int
    amount: int


async def count_customers(db: AsyncSession, now: datetime) -> None:
    """Count all customers once more. Two that count at the same time: the second one waits, and its count stays."""
    await allow_long_statements(db)
    await db.execute(text("LOCK TABLE customer_figures IN EXCLUSIVE MODE"))
    await db.execute(text("DELETE FROM customer_figures"))
    await db.execute(_COUNT, {"now": now, "year_ago": now - _YEAR})


async def list_figures(
    db: AsyncSession, area: CustomerArea, operators: Sequence[str] | None
) -> list[CustomerRow]:
    """What was counted last of some operators, or of all together (None); of renewals, always by operator."""
    figures = CustomerFigures
    query = select(
        figures.operator, figures.key, figures.part, figures.customers, figures.recharges, figures.amount
    ).where(figures.area == area)
    if operators is not None:
        query = query.where(figures.operator.in_(operators))
    elif area is not CustomerArea.RENEWALS:
        query = query.where(figures.operator == ALL_OPERATORS)
    rows = await db.execute(query.order_by(figures.key, figures.part, figures.operator))
    return [CustomerRow(row[0], row[1], *(int(value) for value in row[2:])) for row in rows]


async def get_counted_at(db: AsyncSession) -> datetime | None:
    """When customers were counted last; None: not yet, or there was nothing to count."""
    counted_at: datetime | None = await db.scalar(select(func.max(CustomerFigures.counted_at)))
    return counted_at
