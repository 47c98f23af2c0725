"""A page of a receipt in a language: text, lines and boxes at given places."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final
from unicodedata import category

from gencharge.core.printing import fonts
from gencharge.core.values.language import Language
from gencharge.core.wording import in_language

Colour = tuple[int, int, int]
INK: Final[Colour] = (24, 28, 40)
SOFT: Final[Colour] = (104, 112, 130)
_RULE: Final[Colour] = (222, 226, 234)
RED: Final[Colour] = (186, 36, 44)
LEFT, RIGHT = 18.0, 192.0
# fontTools logs each step of making the font subsets that go into every file.
logging.getLogger("fontTools").setLevel(logging.WARNING)


class Page:
    """A page with text at given places (mm from the top left), cut to its width. `shapes`: some of it may be in Devanagari."""

    def __init__(
        self,
        title: str,
        author: str,
        created_at: datetime,
        language: Language,
        *,
        compress: bool,
        shapes: bool,
    ) -> None:
        # Imported for the first PDF: it takes every process a third of a second and 22 MB.
        from fpdf import FPDF

        self.pdf = pdf = FPDF(format="A4")
        pdf.set_compression(compress)
        pdf.set_creation_date(created_at)
        pdf.set_auto_page_break(False)
        pdf.c_margin = 0
        self._language = language
        fonts.add_fonts(pdf, devanagari=shapes)
        pdf.set_title(title)
        pdf.set_author(self._shaped(author))
        pdf.set_lang(f"{language}-IN")
        pdf.add_page()

    def write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 9,
        bold: bool = False,
        colour: Colour = INK,
        width: float = 80,
        align: str = "L",
    ) -> None:
        """One line with its left end (with align R: its right end) at `x`. Text that is too long ends in dots."""
        self._use(size, bold, colour)
        self.pdf.set_xy(x - width if align == "R" else x, y)
        fonts.print_cell(self.pdf, width, size * 0.5, self._fitted(self._shaped(text), width), align=align)

    def write_lines(
        self,
        x: float,
        y: float,
        text: str,
        *,
        width: float,
        size: float = 8.5,
        colour: Colour = SOFT,
        limit: int = 2,
    ) -> float:
        """Up to `limit` lines from `y` on, broken at spaces. Returns the y below them."""
        self._use(size, bold=False, colour=colour)
        lines = self.pdf.multi_cell(width, text=self._shaped(text), dry_run=True, output="LINES")
        assert isinstance(lines, list), "the output is LINES"
        if len(lines) > limit:
            lines[limit - 1] += "…"
        for line in lines[:limit]:
            self.write(x, y, line, size=size, colour=colour, width=width)
            y += size * 0.5
        return y

    def pair(self, x: float, y: float, label: str, value: str, *, width: float) -> float:
        """A small label with its value below, in two small lines if it is long. Returns the y of the next one."""
        self.write(x, y, label, size=7.5, colour=SOFT, width=width)
        self._use(9.5, bold=False, colour=INK)
        if self.pdf.get_string_width(self._shaped(value)) <= width:
            self.write(x, y + 4, value, size=9.5, width=width)
        else:
            self.write_lines(x, y + 4, value, size=7.5, colour=INK, width=width)
        return y + 12.3

    def rule(self, y: float, left: float = LEFT, right: float = RIGHT) -> None:
        """A fine line across."""
        self.pdf.set_draw_color(*_RULE)
        self.pdf.set_line_width(0.25)
        self.pdf.line(left, y, right, y)

    def panel(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled box with round corners."""
        self.pdf.set_fill_color(*colour)
        self.pdf.rect(x, y, width, height, style="F", round_corners=True, corner_radius=min(2.5, height / 2))

    def badge(self, right: float, y: float, text: str, colour: Colour) -> None:
        """White text on a coloured box that ends at `right`."""
        self._use(8, bold=True, colour=colour)
        width = self.pdf.get_string_width(self._shaped(text)) + 8
        self.panel(right - width, y, width, 6.4, colour)
        self.write(
            right - width, y + 1.2, text, size=8, bold=True, colour=(255, 255, 255), width=width, align="C"
        )

    def stamp(self, text: str) -> None:
        """Large and pale, across the whole page."""
        self._use(62 if len(text) < 10 else 44, bold=True, colour=RED)
        with self.pdf.local_context(fill_opacity=0.13), self.pdf.rotation(32, 105, 160):
            self.pdf.set_xy(0, 148)
            fonts.print_cell(self.pdf, 210, 24, self._shaped(text), align="C")

    def _use(self, size: float, bold: bool, colour: Colour) -> None:
        self.pdf.set_font(fonts.FAMILY, "B" if bold else "", size)
        self.pdf.set_text_color(*colour)

    def _shaped(self, text: str) -> str:
        """The text in the page's language, with a question mark for what the fonts lack; the next cell is printed as it needs."""
        shown = fonts.printable(in_language(text, self._language))
        fonts.prepare(self.pdf, shown)
        return shown

    def _fitted(self, text: str, width: float) -> str:
        if self.pdf.get_string_width(text) <= width:
            return text
        while text and self.pdf.get_string_width(f"{text}…") > width:
            # A letter goes together with the vowel signs that belong to it.
            while len(text) > 1 and category(text[-1]).startswith("M"):
                text = text[:-1]
            text = text[:-1]
        return f"{text.rstrip()}…"
