"""XLSX, read back with openpyxl."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.reports import service, sheet
from gencharge.reports.schemas import Headings, ReportFormat
from gencharge.reports.sheet import SheetWriter
from tests.make.reports import CELLS, heading_of

AT = datetime(2026, 11, 30, 18, 30, 7, tzinfo=UTC)
NAMES = ("operator", "paid", "created_at", "recharge_id", "refunded")
HEADINGS = ["Operator", "Paid", "Created", "Recharge ID", "Refunded"]


def book_of(name: str, names: tuple[str, ...], *batches: Any) -> Any:
    file = io.BytesIO()
    writer = SheetWriter(file, heading_of(service.REPORTS[name], names, ReportFormat.XLSX))
    for batch in batches:
        writer.add(batch)
    writer.end()
    return openpyxl.load_workbook(io.BytesIO(file.getvalue()))


def test_columns_are_typed_the_header_stays_in_sight_and_the_totals_are_last() -> None:
    rows = [("JIO", 29905, AT, UUID(int=1), None), ("AIRTEL", -5, AT, UUID(int=2), 100)]
    page = book_of("transactions", NAMES, rows[:1], rows[1:]).active
    assert page.freeze_panes == "A2"
    assert [cell.value for cell in page[1]] == HEADINGS
    assert [cell.value for cell in page[2]] == [
        "JIO",
        299.05,
        AT.astimezone(clock.IST).replace(tzinfo=None),
        str(UUID(int=1)),
        None,
    ]
    assert page["C2"].is_date
    assert page["B2"].data_type == "n"
    assert [cell.value for cell in page[4]] == ["Total", 299.0, None, None, 1.0]


def test_no_cell_is_a_formula_and_every_text_comes_back() -> None:
    page = book_of("users", ("name",), [(cell,) for cell in CELLS]).active
    for number, cell in enumerate(CELLS, start=2):
        got = page.cell(number, 1)
        assert got.data_type == "s", cell
        assert got.number_format == "@"
        expected = cell if len(cell) <= 32_767 else f"{cell[:32_766]}…"
        # A carriage return is escaped in XML, and openpyxl leaves it so.
        assert got.value.replace("_x000D_", "\n").strip("\n") == expected.replace("\r", "\n").strip("\n")


def test_what_does_not_fit_on_a_sheet_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "ROWS_PER_SHEET", 2)
    book = book_of("transactions", ("operator", "paid"), [("JIO", 100)] * 5)
    assert [page.max_row for page in book.worksheets] == [3, 3, 3]
    assert [page["A1"].value for page in book.worksheets] == ["Operator"] * 3
    assert [cell.value for cell in book.worksheets[2][3]] == ["Total", 5.0]


def test_truth_and_whole_numbers_are_what_they_are() -> None:
    page = book_of("plans", ("name", "is_addon", "version"), [("Unlimited", True, 3)]).active
    assert [cell.value for cell in page[2]] == ["Unlimited", True, 3]


def test_the_headings_are_those_of_the_language_or_names_for_programs() -> None:
    def first_row(language: Language, headings: Headings | None) -> list[Any]:
        file = io.BytesIO()
        heading = heading_of(service.REPORTS["transactions"], NAMES, ReportFormat.XLSX, language, headings)
        writer = SheetWriter(file, heading)
        writer.add([("JIO", 29905, AT, UUID(int=1), None)])
        writer.end()
        book = openpyxl.load_workbook(io.BytesIO(file.getvalue()))
        assert book.properties.title == heading.title
        return [cell.value for cell in book.active[1]]

    hindi = ["ऑपरेटर", "भुगतान", "बनाने का समय", "रिचार्ज आईडी", "रिफ़ंड"]
    assert first_row(Language.ENGLISH, None) == HEADINGS
    assert first_row(Language.HINDI, None) == hindi
    assert first_row(Language.HINDI, Headings.NAMES) == list(NAMES)
