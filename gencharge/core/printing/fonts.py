"""The fonts of PDFs: Noto Sans for Latin letters and the rupee sign, Noto Sans Devanagari and Noto Emoji beside it (data/OFL.txt).

Devanagari needs shaping: its letters join, and change their order. Emoji are printed in one colour, each for itself: a family is its
members. What the fonts lack, such as a letter of Chinese, is printed as a question mark.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fpdf import FPDF

FOLDER: Final = Path(__file__).parent / "data"
FAMILY: Final = "noto"
_DEVANAGARI: Final = "notodevanagari"
_EMOJI: Final = "notoemoji"
_EMOJI_FILE: Final = "NotoEmoji-Regular.ttf"
_UNKNOWN: Final = re.compile(r"\?( ?\?)+")
# Letters of Devanagari, and the joiners that decide about a conjunct.
_SHAPED: Final = re.compile("[\u0900-\u097f\ua8e0-\ua8ff]")
_JOINERS: Final = frozenset({0x200C, 0x200D})
# Elsewhere they would be drawn: between emoji, for one.
_STRAY_JOINER: Final = re.compile("(?<![\u0900-\u097f])[\u200c\u200d]+")


def add_fonts(pdf: FPDF, *, devanagari: bool = True) -> None:
    """Give a document both families, Devanagari as what stands in for letters that the first one lacks. `devanagari` False: no text of it
    `needs_shaping`, and it takes a third of the time."""
    styles = (("", "Regular"), ("B", "Bold"))
    for style, name in styles:
        pdf.add_font(FAMILY, style, FOLDER / f"NotoSans-{name}.ttf")
    if devanagari:
        for style, name in styles:
            pdf.add_font(_DEVANAGARI, style, FOLDER / f"NotoSansDevanagari-{name}.ttf")
        pdf.set_fallback_fonts([_DEVANAGARI], exact_match=True)


def printable(text: str) -> str:
    """The text with a question mark for what the fonts lack, and without line breaks."""
    known, text = _known(), _STRAY_JOINER.sub("", text)
    letters = "".join(letter if ord(letter) in known else " " if letter.isspace() else "?" for letter in text)
    return _UNKNOWN.sub("?", letters)


def needs_shaping(text: str) -> bool:
    """Whether letters of the text join."""
    return _SHAPED.search(text) is not None


def has_emoji(text: str) -> bool:
    """Whether letters of the text are in the font of emoji alone."""
    return not text.isascii() and any(ord(letter) in _emoji() for letter in text)


def prepare(pdf: FPDF, text: str) -> None:
    """Have the document measure and print the next lines as this text needs it: with shaping or without, and with emoji."""
    pdf.set_text_shaping(needs_shaping(text))
    if has_emoji(text) and _EMOJI not in pdf.fonts:
        _add_emoji(pdf)


def _add_emoji(pdf: FPDF) -> None:
    # Only to a document that shows one: it is by far the largest of the files.
    for style in ("", "B"):
        pdf.add_font(_EMOJI, style, FOLDER / _EMOJI_FILE)
    devanagari = [_DEVANAGARI] if _DEVANAGARI in pdf.fonts else []
    pdf.set_fallback_fonts([*devanagari, _EMOJI], exact_match=True)


def print_cell(pdf: FPDF, width: float, height: float, text: str, *, align: str) -> None:
    """One line of text in the document's font and at its place. Letters that join are shaped.

    Those and emoji come from another family, and the library does not turn back to the first one: the text after them would be printed
    with the wrong letters. A change of size writes the font down again.
    """
    pdf.cell(width, height, text, align=align)
    if needs_shaping(text) or has_emoji(text):
        size = pdf.font_size_pt
        pdf.set_font_size(size + 1)
        pdf.set_font_size(size)


def finished(pdf: FPDF) -> bytes:
    """The document. The library closes the files of the fonts that it used; the others are closed here."""
    try:
        return bytes(pdf.output())
    finally:
        close_fonts(pdf)


def close_fonts(pdf: FPDF) -> None:
    """Close the files of a document that is finished, or is not going to be."""
    from fpdf.fonts import TTFFont

    for font in pdf.fonts.values():
        if isinstance(font, TTFFont):
            font.close()


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    return _letters("NotoSans-Regular.ttf") | _letters("NotoSansDevanagari-Regular.ttf") | _emoji() | _JOINERS


@lru_cache(maxsize=1)
def _emoji() -> frozenset[int]:
    letters = _letters("NotoSans-Regular.ttf") | _letters("NotoSansDevanagari-Regular.ttf") | _JOINERS
    # It has control characters, too.
    return frozenset(letter for letter in _letters(_EMOJI_FILE) - letters if chr(letter).isprintable())


def _letters(name: str) -> frozenset[int]:
    # Imported for the first PDF: it costs every process a tenth of a second.
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / name, lazy=True) as font:
        return frozenset(font.getBestCmap())
