"""`gencharge reconcile`: its output and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gencharge.payments.service import PaymentContext
from gencharge.reconciliation import commands, runs_service
from tests.make.reconciliation import (
    FIRST,
    ROW,
    SECOND,
    Shop,
    csv_of,
)


async def test_the_command_prints_a_line_for_each_counterparty(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaymentContext, "at", lambda _stores: shop.context.payments)
    await shop.sell(2)
    shop.outside.script(FIRST, "submit", "decline")
    await shop.sell(1)
    shop.outside.control("DELETE", "/sandbox/scripts")
    day = runs_service.today()
    code, lines = await run_command(shop)
    assert code == commands.MATCHED
    assert lines == [
        f"{day} gateway:razorpay: 0 rows, 0 matched, 0 differences, ₹0.00",
        f"{day} {FIRST}: 2 rows, 2 matched, 0 differences, ₹0.00",
        f"{day} {SECOND}: 1 row, 1 matched, 0 differences, ₹0.00",
    ]


async def test_the_command_shows_differences_with_their_proposals_and_missing_statements(shop: Shop) -> None:
    await shop.sell(2)
    day = runs_service.today()
    one = (await shop.sold[0].attempt()).reference
    shop.outside.script(FIRST, "statement", "missing_row", match={"reference": one})
    code, lines = await run_command(shop, counterparty=FIRST)
    assert code == commands.DIFFERENT
    assert lines == [
        f"{day} {FIRST}: 1 row, 1 matched, 1 difference, -₹299.00",
        f"    missing_at_theirs {one}: ours ₹299.00, theirs - -> ask_operator_again",
    ]
    shop.outside.script(FIRST, "statement", "server_error_before")
    code, lines = await run_command(shop, counterparty=FIRST)
    assert (code, lines[0].startswith(f"{day} {FIRST}: no statement: ")) == (commands.UNAVAILABLE, True)
    code, lines = await run_command(shop, counterparty="nobody")
    assert code == commands.UNAVAILABLE


async def test_the_command_takes_a_file_that_the_operator_itself_wrote(shop: Shop, tmp_path: Path) -> None:
    await shop.sell(3)
    channel = await shop.context.channel(FIRST)
    document = await shop.context.operators.fetch(channel, f"/statement?date={runs_service.today()}")
    as_json, as_csv = tmp_path / "statement.json", tmp_path / "statement.csv"
    as_json.write_text(json.dumps(document))
    as_csv.write_bytes(csv_of(*document["items"]))
    for file in (as_json, as_csv):
        code, lines = await run_command(shop, counterparty=FIRST, file=file)
        assert (code, lines) == (
            0,
            [f"{runs_service.today()} {FIRST}: 3 rows, 3 matched, 0 differences, ₹0.00"],
        )
    as_csv.write_bytes(csv_of(*document["items"], ROW | {"amount_paise": "x"}))
    code, lines = await run_command(shop, counterparty=FIRST, file=as_csv)
    assert code == commands.UNAVAILABLE
    assert lines == [
        f"{runs_service.today()} {FIRST}: no statement: line 5: amount_paise: must be a whole number of paise, not 'x'"
    ]
    code, lines = await run_command(shop, counterparty=FIRST, file=tmp_path / "nothing.csv")
    assert (code, "No such file" in lines[0]) == (commands.UNAVAILABLE, True)


def test_a_future_day_an_invalid_day_and_a_file_without_a_counterparty_are_refused(shop: Shop) -> None:
    lines: list[str] = []
    settings = shop.stores.settings
    assert commands.reconcile(settings, lines.append, day="2999-01-01") == commands.UNAVAILABLE
    assert commands.reconcile(settings, lines.append, day="soon") == commands.UNAVAILABLE
    assert commands.reconcile(settings, lines.append, file=Path("x.csv")) == commands.UNAVAILABLE
    assert len(lines) == 3


async def run_command(shop: Shop, **options: Any) -> tuple[int, list[str]]:
    """The exit code and the lines that the command prints."""
    lines: list[str] = []
    code = await commands.run(shop.stores, lines.append, **({"day": runs_service.today()} | options))
    return code, lines
