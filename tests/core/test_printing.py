"""What documents are printed with: fonts and amounts."""

from __future__ import annotations

import io

import pypdf
import pytest
from fpdf import FPDF

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
    assert fonts.printable("ok 🙂 日本 日") == "ok 🙂 ?"
    assert fonts.printable("क्\u200dष 👨\u200d👩 a\u200db") == "क्\u200dष 👨👩 ab"
    assert fonts.printable("two\nlines\tand a\x00") == "two lines and a?"


def test_devanagari_is_shaped_and_latin_letters_are_not() -> None:
    assert fonts.needs_shaping("Asha क्षत्रिय")
    assert not fonts.needs_shaping("₹ Asha Rao")


@pytest.mark.parametrize("text", ["Asha 🙂 Rao ❤️ ok", "आशा 🙂 क्षत्रिय ok", "👨‍👩‍👧 🇮🇳 👍🏽 end"])
@pytest.mark.parametrize("style", ["", "B"])
def test_emoji_are_printed_and_what_follows_them_has_its_letters(text: str, style: str) -> None:
    pdf = FPDF()
    fonts.add_fonts(pdf)
    pdf.add_page()
    pdf.set_font(fonts.FAMILY, style, 10)
    for line in (text, "plain after it"):
        shown = fonts.printable(line)
        assert "?" not in shown
        fonts.prepare(pdf, shown)
        fonts.print_cell(pdf, 100, 5, shown, align="L")
        pdf.ln()
    read = pypdf.PdfReader(io.BytesIO(fonts.finished(pdf))).pages[0].extract_text()
    assert "plain after it" in read
    assert read.split("\n")[0].split()[-1] == text.split()[-1]
    emoji = [letter for letter in text if letter > "\U0001f000"]
    assert emoji
    assert all(letter in read for letter in emoji)


def test_only_a_document_with_emoji_holds_their_font() -> None:
    pdf = FPDF()
    fonts.add_fonts(pdf)
    before = set(pdf.fonts)
    fonts.prepare(pdf, "₹ 299 नमस्ते © #1")
    assert set(pdf.fonts) == before
    fonts.prepare(pdf, "🙂")
    assert len(pdf.fonts) == len(before) + 2
    fonts.close_fonts(pdf)
