"""Invariants of receipts."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.checks import Check

CHECKS: Final = (
    Check(
        "every number of a receipt series belongs to one receipt, without a gap",
        """
        WITH issued AS MATERIALIZED (
            SELECT series, financial_year, count(*) AS receipts_issued, count(DISTINCT number) AS distinct_numbers
            FROM receipts GROUP BY series, financial_year
        )
        SELECT series, financial_year, last_number, receipts_issued, distinct_numbers
        FROM receipt_series FULL JOIN issued USING (series, financial_year)
        WHERE last_number IS DISTINCT FROM receipts_issued OR distinct_numbers <> receipts_issued
        """,
    ),
)
