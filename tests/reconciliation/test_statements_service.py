"""Statements: which are accepted, which are refused, and for what reason."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from gencharge.core.values.clock import IST
from gencharge.reconciliation import statements_service as statements
from gencharge.reconciliation.errors import StatementInvalid
from gencharge.reconciliation.models import (
    GATEWAY,
)
from tests.make.reconciliation import (
    FIRST,
    ROW,
    csv_of,
)

DAY = "2026-11-19"


def read(data: bytes, counterparty: str = FIRST) -> statements.Statement:
    return statements.read_file(data, counterparty, date.fromisoformat(DAY))


def test_every_bad_row_is_named_with_its_line() -> None:
    bad = csv_of(
        ROW,
        ROW | {"amount_paise": "299.00"},
        ROW | {"reference": " "},
        ROW | {"completed_at": "yesterday"},
        ROW | {"completed_at": "2026-11-19T10:00:00"},
        ROW | {"commission_paise": "-1"},
    )
    with pytest.raises(StatementInvalid) as refused:
        read(bad)
    lines = [problem.split(":")[0] for problem in refused.value.problems]
    assert lines == [f"line {number}" for number in (3, 4, 5, 6, 7)]
    assert "299.00" in refused.value.problems[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "missing columns:"),
        (b"colour\nred", "missing columns: amount_paise, commission_paise"),
        (b"\xff\xfe", "UTF-8"),
        (b"{", "not valid JSON"),
        (b'{"items": 5}', "not a statement"),
        (b'{"channel": "jio-b", "items": []}', "channel: the statement says jio-b, but it is jio-a"),
        (b'{"date": "2026-11-18", "items": []}', "date: the statement says 2026-11-18"),
        (b'{"count": 3, "items": []}', "count: the statement says 3, but it is 0"),
        (b'{"items": [5]}', "line 1"),
        (csv_of(ROW | {"completed_at": "2026-11-09T10:00:00+05:30"}), "is dated 2026-11-09, not 2026-11-19"),
    ],
)
def test_a_file_that_is_no_statement_of_the_day_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(data)
    assert said in refused.value.problems[0]


def test_a_file_may_bring_rows_of_the_neighbouring_days_which_do_not_count() -> None:
    before = ROW | {"reference": "r-0", "completed_at": "2026-11-18T23:59:59+05:30"}
    statement = read(csv_of(before, ROW))
    assert [row.reference for row in statement.rows] == ["r-1"]
    assert [row.reference for row in statement.beside] == ["r-0"]
    assert statement.rows[0].at.astimezone(IST).isoformat() == "2026-11-19T10:00:00+05:30"


def test_a_gateways_file_counts_refunds_as_negative() -> None:
    items = [
        {"entity_id": "pay_1", "type": "payment", "amount": 50_000, "currency": "INR", "fee": 1_180,
         "settled_at": 1_795_000_000, "order_id": "order_1"},
        {"entity_id": "rfnd_1", "type": "refund", "amount": 20_000, "currency": "INR", "fee": 0,
         "settled_at": 1_795_000_000, "order_id": "order_1"},
    ]  # fmt: skip
    day = datetime.fromtimestamp(1_795_000_000, UTC).astimezone(IST).date()
    statement = statements.read_file(json.dumps(items).encode(), GATEWAY, day)
    assert [(row.reference, row.amount, row.charges) for row in statement.rows] == [
        ("pay_1", 50_000, 1_180),
        ("rfnd_1", -20_000, 0),
    ]
    for wrong in ({"type": "adjustment"}, {"currency": "USD"}, {"amount": -5}):
        with pytest.raises(StatementInvalid):
            statements.read_file(json.dumps([items[0] | wrong]).encode(), GATEWAY, day)
