"""Statements as files, at the command line: what is taken, what is refused, what is said, and the exit codes."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gencharge.core.values.clock import IST
from gencharge.payments.service import PaymentContext
from gencharge.reconciliation import commands, runs_service
from gencharge.reconciliation import statements_service as statements
from gencharge.reconciliation.errors import StatementInvalid
from gencharge.reconciliation.models import GATEWAY
from tests.reconciliation.conftest import FIRST, SECOND, Shop

DAY = "2026-11-19"
ROW = {
    "reference": "r-1",
    "operator_reference": "JIO-1",
    "operator": "JIO",
    "phone_number": "9876543210",
    "amount_paise": "29900",
    "commission_paise": "897",
    "status": "success",
    "completed_at": "2026-11-19T10:00:00.000+05:30",
}


def csv_of(*rows: dict[str, Any]) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(ROW), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


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
def test_what_is_no_statement_of_the_day_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(StatementInvalid) as refused:
        read(data)
    assert said in refused.value.problems[0]


def test_a_file_may_bring_rows_of_the_neighbouring_days_which_do_not_count() -> None:
    before = ROW | {"reference": "r-0", "completed_at": "2026-11-18T23:59:59+05:30"}
    found = read(csv_of(before, ROW))
    assert [row.reference for row in found.rows] == ["r-1"]
    assert [row.reference for row in found.beside] == ["r-0"]
    assert found.rows[0].at.astimezone(IST).isoformat() == "2026-11-19T10:00:00+05:30"


def test_a_gateways_file_counts_refunds_as_negative() -> None:
    items = [
        {"entity_id": "pay_1", "type": "payment", "amount": 50_000, "currency": "INR", "fee": 1_180,
         "settled_at": 1_795_000_000, "order_id": "order_1"},
        {"entity_id": "rfnd_1", "type": "refund", "amount": 20_000, "currency": "INR", "fee": 0,
         "settled_at": 1_795_000_000, "order_id": "order_1"},
    ]  # fmt: skip
    day = datetime.fromtimestamp(1_795_000_000, UTC).astimezone(IST).date()
    found = statements.read_file(json.dumps(items).encode(), GATEWAY, day)
    assert [(row.reference, row.amount, row.charges) for row in found.rows] == [
        ("pay_1", 50_000, 1_180),
        ("rfnd_1", -20_000, 0),
    ]
    for wrong in ({"type": "adjustment"}, {"currency": "USD"}, {"amount": -5}):
        with pytest.raises(StatementInvalid):
            statements.read_file(json.dumps([items[0] | wrong]).encode(), GATEWAY, day)


async def say(shop: Shop, **but: Any) -> tuple[int, list[str]]:
    said: list[str] = []
    code = await commands.run(shop.stores, said.append, **({"day": runs_service.today()} | but))
    return code, said


async def test_the_command_says_a_line_for_each_counterparty_and_its_exit_code(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaymentContext, "at", lambda _stores: shop.context.payments)
    await shop.sell(2)
    shop.outside.script(FIRST, "submit", "decline")
    await shop.sell(1)
    shop.outside.control("DELETE", "/sandbox/scripts")
    day = runs_service.today()
    code, said = await say(shop)
    assert code == commands.MATCHED
    assert said == [
        f"{day} gateway:razorpay: 0 rows, 0 matched, 0 differences, 0 paise",
        f"{day} {FIRST}: 2 rows, 2 matched, 0 differences, 0 paise",
        f"{day} {SECOND}: 1 rows, 1 matched, 0 differences, 0 paise",
    ]


async def test_the_command_shows_differences_with_their_proposals_and_missing_statements(shop: Shop) -> None:
    await shop.sell(2)
    day = runs_service.today()
    one = (await shop.sold[0].attempt()).reference
    shop.outside.script(FIRST, "statement", "missing_row", match={"reference": one})
    code, said = await say(shop, counterparty=FIRST)
    assert code == commands.DIFFERENT
    assert said == [
        f"{day} {FIRST}: 1 rows, 1 matched, 1 differences, -29900 paise",
        f"    missing_at_theirs {one}: ours 29900, theirs - paise -> ask_operator_again",
    ]
    shop.outside.script(FIRST, "statement", "server_error_before")
    code, said = await say(shop, counterparty=FIRST)
    assert (code, said[0].startswith(f"{day} {FIRST}: no statement: ")) == (commands.UNAVAILABLE, True)
    code, said = await say(shop, counterparty="nobody")
    assert code == commands.UNAVAILABLE


async def test_the_command_takes_a_file_that_the_operator_itself_wrote(shop: Shop, tmp_path: Path) -> None:
    await shop.sell(3)
    channel = await shop.context.channel(FIRST)
    document = await shop.context.operators.fetch(channel, f"/statement?date={runs_service.today()}")
    as_json, as_csv = tmp_path / "statement.json", tmp_path / "statement.csv"
    as_json.write_text(json.dumps(document))
    as_csv.write_bytes(csv_of(*document["items"]))
    for file in (as_json, as_csv):
        code, said = await say(shop, counterparty=FIRST, file=file)
        assert (code, said) == (
            0,
            [f"{runs_service.today()} {FIRST}: 3 rows, 3 matched, 0 differences, 0 paise"],
        )
    as_csv.write_bytes(csv_of(*document["items"], ROW | {"amount_paise": "x"}))
    code, said = await say(shop, counterparty=FIRST, file=as_csv)
    assert code == commands.UNAVAILABLE
    assert said == [
        f"{runs_service.today()} {FIRST}: no statement: line 5: amount_paise: must be a whole number of paise, not 'x'"
    ]
    code, said = await say(shop, counterparty=FIRST, file=tmp_path / "nothing.csv")
    assert (code, "No such file" in said[0]) == (commands.UNAVAILABLE, True)


def test_a_day_ahead_or_no_day_and_a_file_of_nobody_are_refused(shop: Shop) -> None:
    said: list[str] = []
    settings = shop.stores.settings
    assert commands.reconcile(settings, said.append, day="2999-01-01") == commands.UNAVAILABLE
    assert commands.reconcile(settings, said.append, day="soon") == commands.UNAVAILABLE
    assert commands.reconcile(settings, said.append, file=Path("x.csv")) == commands.UNAVAILABLE
    assert len(said) == 3
