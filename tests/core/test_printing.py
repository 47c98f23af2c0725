"""What documents are printed with: fonts and amounts."""

from __future__ import annotations

import pytest

from gencharge.core.printing import amounts, fonts


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.00", "0.00"),
        ("999.50", "999.50"),
        ("1000.00", "1,000.00"),
        ("123456.00", "1,23,456.00"),
        ("-12345678.05", "-1,23,45,678.05"),
    ],
)
def test_amounts_are_grouped_as_in_india(amount: str, shown: str) -> None:
    assert amounts.grouped(amount) == shown


def test_what_the_fonts_lack_is_a_question_mark() -> None:
    assert fonts.printable("₹ 299 नमस्ते") == "₹ 299 नमस्ते"
    assert fonts.printable("ok 🙂🙂 日") == "ok ?"
    assert fonts.printable("two\nlines\tand a\x00") == "two lines and a?"


def test_devanagari_is_shaped_and_latin_letters_are_not() -> None:
    assert fonts.needs_shaping("Asha क्षत्रिय")
    assert not fonts.needs_shaping("₹ Asha Rao")
