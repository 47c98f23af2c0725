"""The fonts of PDFs: Noto Sans for Latin letters and the rupee sign, Noto Sans Devanagari beside it (data/OFL.txt).

Devanagari needs shaping: its letters join, and change their order. What the fonts lack, such as an emoji, is printed as a question mark.
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
_UNKNOWN: Final = re.compile(r"\?( ?\?)+")
# Letters of Devanagari, and the joiners that decide about a conjunct.
_SHAPED: Final = re.compile("[\u0900-\u097f\ua8e0-\ua8ff]")
_JOINERS: Final = frozenset({0x200C, 0x200D})


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
    known = _known()
    letters = "".join(letter if ord(letter) in known else " " if letter.isspace() else "?" for letter in text)
    return _UNKNOWN.sub("?", letters)


def needs_shaping(text: str) -> bool:
    """Whether letters of the text join."""
    return _SHAPED.search(text) is not None


def print_cell(pdf: FPDF, width: float, height: float, text: str, *, align: str) -> None:
    """One line of text in the document's font and at its place. Letters that join are shaped.

    Those come from the other family, and the library does not turn back to the first one: the text after them would be printed with
    the wrong letters. A change of size writes the font down again.
    """
    pdf.cell(width, height, text, align=align)
    if needs_shaping(text):
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
    # Imported for the first PDF: it costs every process a tenth of a second.
    from fontTools.ttLib import TTFont

    known = set(_JOINERS)
    for name in ("NotoSans-Regular.ttf", "NotoSansDevanagari-Regular.ttf"):
        with TTFont(FOLDER / name, lazy=True) as font:
            known.update(font.getBestCmap())
    return frozenset(known)
