"""PDF, read back with pypdf."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pypdf

from gencharge.core.values.language import Language
from gencharge.reports import service
from gencharge.reports.definitions import Heading
from gencharge.reports.pdf import PdfWriter
from tests.make.reports import CELLS, heading_of

AT = datetime(2026, 11, 30, 18, 30, 7, tzinfo=UTC)


def pages_of(name: str, names: tuple[str, ...], *batches: Any) -> list[str]:
    file = io.BytesIO()
    writer = PdfWriter(file, heading_of(service.REPORTS[name], names))
    for batch in batches:
        writer.add(batch)
    writer.end()
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file.getvalue())).pages]


def test_each_page_has_title_columns_and_its_number_and_the_last_one_the_totals_and_the_chart() -> None:
    rows = [("JIO", 12345600, AT), ("AIRTEL", 100, AT)] * 40
    pages = pages_of("transactions", ("operator", "paid", "created_at"), rows)
    assert len(pages) >= 3
    for number, text in enumerate(pages, start=1):
        assert "Recharges" in text
        assert "No filters" in text
        assert "2026-12-01 10:00 IST" in text
        assert f"Page {number} of {len(pages)}" in text
    assert "1,23,456.00" in pages[0]
    assert "2026-12-01 00:00:07" in pages[0]
    end = "".join(pages[-2:])
    assert "49,38,280.00" in end
    assert "Rows: 80" in end
    assert "Paid by operator" in end


def test_a_report_without_rows_says_so() -> None:
    (page,) = pages_of("users", ("name", "status"))
    assert "No rows match." in page
    assert "Rows: 0" in page


def test_any_text_can_be_printed_and_a_long_one_ends_in_dots() -> None:
    pages = pages_of("users", ("name", "status"), [(cell, "active") for cell in CELLS])
    text = "".join(pages)
    assert "Rows: 16" in text
    assert "…" in text
    assert 'a "quoted", comma' in text


def test_what_stands_after_hindi_is_printed_with_its_own_letters() -> None:
    (page,) = pages_of("users", ("name", "status"), [("आशा राव", "active"), ("Asha", "blocked")])
    assert page.split().count("active") == 1
    assert page.split().count("blocked") == 1


def test_emoji_are_printed_and_what_follows_them_has_its_letters() -> None:
    (page,) = pages_of("users", ("name", "status"), [("Asha 🎉 Rao", "active"), ("🙂", "blocked")])
    assert "🎉" in page
    assert "🙂" in page
    assert page.split().count("active") == 1
    assert page.split().count("blocked") == 1


def test_a_chart_needs_both_of_its_columns_and_more_than_one_bar() -> None:
    assert "by operator" not in "".join(
        pages_of("transactions", ("operator", "price"), [("JIO", 1), ("VI", 2)])
    )
    assert "by operator" not in "".join(
        pages_of("transactions", ("operator", "paid"), [("JIO", 1), ("JIO", 2)])
    )
    assert "by operator" in "".join(pages_of("transactions", ("operator", "paid"), [("JIO", 1), (None, 2)]))


def test_in_hindi_the_page_says_the_same_and_shapes_its_letters() -> None:
    rows = [("JIO", 12345600, AT), ("AIRTEL", 100, AT)]
    file = io.BytesIO()
    report = service.REPORTS["transactions"]
    query = report.query.model_validate({"format": "pdf", "operator": "JIO"})
    columns = report.choose("operator,paid,created_at")
    writer = PdfWriter(file, Heading.of(report, query, columns, "2026-12-01 10:00 IST", Language.HINDI))
    writer.add(rows)
    writer.end()
    document = pypdf.PdfReader(io.BytesIO(file.getvalue()))
    page = document.pages[0].extract_text()
    # What is read out of a page has gaps after letters that are drawn in two parts.
    plain = page.replace(" ", "")
    for words in ("ऑपरेटर:JIO", "कुल", "1,23,457.00", "2026-12-0100:00:07", "ऑपरेटरकेअनुसारभुगतान"):
        assert words in plain, words
    # No English is left but for codes, names and IST.
    for words in ("Recharges", "Operator", "Paid", "Total", "Rows", "Page", "Times", "filters"):
        assert words not in page, words
    assert document.metadata is not None
    assert document.metadata.title == "रिचार्ज"
    assert document.trailer["/Root"]["/Lang"] == "hi-IN"
