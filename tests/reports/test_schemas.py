"""What a report can be asked for."""

from __future__ import annotations

from gencharge.reports.query_schemas import TransactionsQuery
from gencharge.reports.schemas import ReportFormat


def test_the_filters_that_were_given_are_printed_by_their_own_names() -> None:
    query = TransactionsQuery.model_validate(
        {"format": ReportFormat.PDF, "columns": "paid", "from": "2026-11-01", "operator": "jio"}
    )
    filters = dict(query.filters())
    assert set(filters) == {"from", "operator"}
    assert filters["operator"] == "JIO"
