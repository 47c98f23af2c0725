"""CSV and JSON, read back with the standard library's readers."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from gencharge.core.values.language import Language
from gencharge.reports import service
from gencharge.reports.definitions import Report
from gencharge.reports.schemas import Headings, ReportFormat
from gencharge.reports.writers import CsvWriter, JsonWriter, Totals, turned
from tests.make.reports import CELLS, heading_of, read_csv

USERS = service.REPORTS["users"]
SALES = service.REPORTS["transactions"]
NAMES = ("name", "status", "created_at")
AT = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)


def written(writer: Any, report: Report, names: tuple[str, ...], *batches: Any) -> bytes:
    file = io.BytesIO()
    one = writer(file, heading_of(report, names))
    for batch in batches:
        one.add(batch)
    one.end()
    return file.getvalue()


def test_no_cell_of_csv_is_run_and_every_text_comes_back_but_for_the_apostrophe() -> None:
    content = written(CsvWriter, USERS, NAMES, [(cell, "active", AT) for cell in CELLS])
    rows = read_csv(content)
    assert len(rows) == len(CELLS)
    for row, cell in zip(rows, CELLS, strict=True):
        shown = row["name"]
        assert shown.replace("'", "") == cell.replace("'", "")
        for line in shown.splitlines():
            seen = line.lstrip("\u200b\ufeff \t")
            assert seen[:1] not in set("=+-@"), cell
        assert row["created_at"] == "2026-12-01 00:00:00"


def test_csv_ends_its_lines_as_rfc_4180_says_and_starts_with_the_names() -> None:
    content = written(CsvWriter, USERS, NAMES, [("a", "active", None)], [], [(None, "blocked", AT)])
    assert content == b"name,status,created_at\r\na,active,\r\n,blocked,2026-12-01 00:00:00\r\n"


def test_a_report_without_rows_is_a_header_and_an_empty_list() -> None:
    assert written(CsvWriter, USERS, NAMES) == b"name,status,created_at\r\n"
    document = orjson.loads(written(JsonWriter, USERS, NAMES))
    assert (document["rows"], document["row_count"], document["totals"]) == ([], 0, {})


def test_json_has_typed_values_exact_money_and_totals() -> None:
    names = ("recharge_id", "paid", "refunded", "created_at", "operator")
    batch = [(UUID(int=1), 29905, 0, AT, "JIO"), (UUID(int=2), 5, 10, AT, None)]
    content = written(JsonWriter, SALES, names, batch[:1], batch[1:])
    assert b'"paid":299.05' in content
    document = orjson.loads(content)
    assert document["rows"][0] == {
        "recharge_id": str(UUID(int=1)),
        "paid": 299.05,
        "refunded": 0.0,
        "created_at": "2026-12-01T00:00:00+05:30",
        "operator": "JIO",
    }
    assert document["rows"][1]["operator"] is None
    assert document["totals"] == {"paid": 299.1, "refunded": 0.1}
    assert document["row_count"] == 2


def test_json_keeps_every_text_as_it_is() -> None:
    content = written(JsonWriter, USERS, NAMES, [(cell, "active", AT) for cell in CELLS])
    assert [row["name"] for row in orjson.loads(content)["rows"]] == list(CELLS)


def test_totals_leave_out_what_is_not_there() -> None:
    columns = SALES.choose("paid,operator,refunded")
    totals = Totals(columns)
    totals.add(turned([(1, "JIO", None), (2, "JIO", 5)], columns))
    totals.add(turned([], columns))
    assert totals.sums == {0: 3, 2: 5}


def test_csv_has_names_in_english_and_words_in_hindi_unless_one_asks() -> None:
    def header(language: Language, headings: Headings | None) -> str:
        file = io.BytesIO()
        CsvWriter(file, heading_of(USERS, NAMES, ReportFormat.CSV, language, headings)).end()
        return file.getvalue().decode()

    assert header(Language.ENGLISH, None) == "name,status,created_at\r\n"
    assert header(Language.ENGLISH, Headings.WORDS) == "Name,Status,Created\r\n"
    assert header(Language.HINDI, None) == "नाम,स्थिति,बनाने का समय\r\n"
    assert header(Language.HINDI, Headings.NAMES) == "name,status,created_at\r\n"


def test_json_keeps_its_keys_in_hindi_and_says_what_they_are_called() -> None:
    file = io.BytesIO()
    writer = JsonWriter(file, heading_of(USERS, NAMES, ReportFormat.JSON, Language.HINDI))
    writer.add([("Asha", "active", AT)])
    writer.end()
    document = orjson.loads(file.getvalue())
    assert list(document["rows"][0]) == list(NAMES)
    assert document["title"] == "ग्राहक"
    assert [column["heading"] for column in document["columns"]] == ["नाम", "स्थिति", "बनाने का समय"]
