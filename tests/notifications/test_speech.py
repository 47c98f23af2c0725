"""How a language writes amounts, days and numbers."""

from __future__ import annotations

import pytest

from gencharge.notifications.kinds import Variable, date, label, last_day, moment, money, number, phone
from gencharge.notifications.library import shipped
from gencharge.notifications.speech import LanguageInvalid, Speech, grouped, spaced

ENGLISH, HINDI = (shipped().languages[code] for code in ("en", "hi"))


@pytest.mark.parametrize(
    ("paise", "shown"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (19900, "199.00"),
        (100000, "1,000.00"),
        (129900_00, "1,29,900.00"),
        (12345678_90, "1,23,45,678.90"),
    ],
)
def test_amounts_are_grouped_the_indian_way(paise: int, shown: str) -> None:
    assert grouped(paise) == shown


@pytest.mark.parametrize(
    ("instant", "shown"),
    [
        ("2026-08-14T18:29:59Z", "14 August 2026"),
        ("2026-08-14T18:30:00Z", "14 August 2026"),  # midnight in India: the day before is the last
        ("2026-08-14T18:30:01Z", "15 August 2026"),
        ("2026-01-01T00:00:00+05:30", "31 December 2025"),
    ],
)
def test_the_last_day_is_the_one_that_is_whole_in_india(instant: str, shown: str) -> None:
    assert ENGLISH.shown(last_day(), instant) == shown


@pytest.mark.parametrize(
    ("variable", "value", "english", "hindi"),
    [
        (money(), 129900_00, "Rs 1,29,900.00", "₹1,29,900.00"),
        (date(), "2026-08-14T18:30:00Z", "15 August 2026", "15 अगस्त 2026"),
        (moment(), "2026-01-30T00:30:00Z", "30 January 2026 at 06:00", "30 जनवरी 2026, 06:00 बजे"),
        (phone(), "+919876543210", "98765 43210", "98765 43210"),
        (number(1), 16, "16", "16"),
        (label("x"), "Jio 199", "Jio 199", "Jio 199"),
        (label("x", optional=True), None, "", ""),
    ],
)
def test_each_language_writes_a_value_its_own_way(
    variable: Variable, value: str | int | None, english: str, hindi: str
) -> None:
    assert (ENGLISH.shown(variable, value), HINDI.shown(variable, value)) == (english, hindi)


def test_no_line_break_and_no_control_character_gets_out_of_a_value() -> None:
    shown = ENGLISH.shown(label("x"), "Jio\r\nBcc: eve@example.com\x00\u2028 199")
    assert shown == "Jio Bcc: eve@example.com 199"
    assert ENGLISH.shown(label("x"), "क्\u200dष") == "क्\u200dष", "Devanagari needs its joiners"


def test_a_number_is_written_as_people_write_it_and_a_masked_one_stays() -> None:
    assert spaced("+919876543210") == "98765 43210"
    assert spaced("+91******3210") == "+91******3210"


@pytest.mark.parametrize(
    ("values", "problem"), [({"name": "Tamil"}, "exactly the fields"), ({"months": ["one"]}, "twelve names")]
)
def test_a_language_that_is_incomplete_is_refused(values: dict[str, object], problem: str) -> None:
    fields = {name: getattr(ENGLISH, name) for name in Speech.__slots__}
    broken = values if "name" in values else fields | values
    with pytest.raises(LanguageInvalid, match=problem):
        Speech.of(broken, "ta/language.toml")
