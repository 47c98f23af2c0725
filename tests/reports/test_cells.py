"""Values of a report as texts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from gencharge.reports import cells
from gencharge.reports.definitions import Column, Kind


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
