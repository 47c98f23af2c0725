"""Values of a report as texts."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.core.values.cells import neutral, plain
from gencharge.reports import cells
from gencharge.reports.definitions import Column, Kind
from tests.make.reports import CELLS


@pytest.mark.parametrize(
    ("paise", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (29900, "299.00"), (-123456, "-1234.56")]
)
def test_paise_are_rupees_to_the_paisa(paise: int, text: str) -> None:
    assert cells.rupees(paise) == text


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.TEXT, "=1+1", "'=1+1"),
        (Kind.TEXT, "Asha", "Asha"),
        (Kind.WORDS, ["=A", "JIO"], "'=A JIO"),
        (Kind.WORDS, [], ""),
        (Kind.MONEY, -100, "-1.00"),
        (Kind.INTEGER, -3, "-3"),
        (Kind.BOOLEAN, True, "true"),
        (Kind.BOOLEAN, False, "false"),
        (Kind.INSTANT, datetime(2026, 3, 31, 18, 30, 59, 999, tzinfo=UTC), "2026-04-01 00:00:59"),
        # Whatever zone the instant has.
        (Kind.INSTANT, datetime(2026, 4, 1, 0, 0, 59, tzinfo=cells.IST), "2026-04-01 00:00:59"),
        (Kind.TEXT, "+919812345678", "'+919812345678"),
        (Kind.TEXT, '=1,"2"', '"\'=1,""2"""'),
        (Kind.DATE, date(2026, 4, 1), "2026-04-01"),
        (Kind.ID, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_each_kind_has_its_text_and_none_is_empty(kind: Kind, value: object, text: str) -> None:
    assert cells.csv_cells(kind, [value, None]) == [text, ""]


def test_numbers_and_addresses_are_masked_in_texts_and_ids_stay() -> None:
    columns = (
        Column("note", Kind.TEXT, ""),
        Column("operator_reference", Kind.TEXT, ""),
        Column("amount", Kind.MONEY, ""),
    )
    row = ("call +919876543210 or asha@example.com", "919876543210", 9876543210)
    ((note, reference, amount),) = cells.masked([row], columns)
    assert "9876543210" not in note
    assert "asha@" not in note
    assert (reference, amount) == ("919876543210", 9876543210)


# What people write, and what makes a file of it another file.
_WRITTEN = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text("=+-@,\"'\r\n\t a\u200b\u2028\x1c", max_size=8),
    st.sampled_from(CELLS),
)


@given(rows=st.lists(st.tuples(_WRITTEN, _WRITTEN), min_size=1, max_size=12))
def test_any_texts_come_back_as_one_row_each_and_none_is_run(
    rows: list[tuple[str | None, str | None]],
) -> None:
    columns = [cells.csv_cells(Kind.TEXT, values) for values in zip(*rows, strict=True)]
    content = "".join(",".join(line) + "\r\n" for line in zip(*columns, strict=True))
    read = list(csv.reader(io.StringIO(content, newline="")))
    assert read == [[neutral(value or "") for value in row] for row in rows]
    assert [[plain(value) for value in row] for row in read] == [
        [value or "" for value in row] for row in rows
    ]


def test_what_is_met_often_is_made_into_a_cell_once_and_stays_in_its_place() -> None:
    values = ["=1", None, "JIO", "=1", "JIO", "JIO", "a,b", None, "JIO", "=1"]
    assert cells.csv_cells(Kind.TEXT, values) == [
        *("'=1", "", "JIO", "'=1", "JIO", "JIO", '"a,b"', "", "JIO", "'=1")
    ]
    assert cells.csv_cells(Kind.MONEY, [5, 5, None, 5]) == ["0.05", "0.05", "", "0.05"]
