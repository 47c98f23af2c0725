"""What a report can be asked for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from gencharge.reports.schemas import MonthQuery, ReportFormat, TransactionsQuery


def test_a_month_is_one_of_india() -> None:
    december = MonthQuery(month="2026-12")
    assert december.since.isoformat() == "2026-11-30T18:30:00+00:00"
    assert december.until.isoformat() == "2026-12-31T18:30:00+00:00"
    february = MonthQuery(month="2028-02")
    assert (february.until - february.since).days == 29


def test_the_smallest_amount_is_not_above_the_largest() -> None:
    with pytest.raises(ValidationError, match="min_amount must not exceed max_amount"):
        TransactionsQuery.model_validate({"min_amount": "2", "max_amount": "1.99"})


def test_the_filters_that_were_given_are_printed_by_their_own_names() -> None:
    query = TransactionsQuery.model_validate(
        {"format": ReportFormat.PDF, "columns": "paid", "from": "2026-11-01", "operator": "jio"}
    )
    filters = dict(query.filters())
    assert set(filters) == {"from", "operator"}
    assert filters["operator"] == "JIO"
