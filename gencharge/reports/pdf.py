"""A report as PDF: title, filters, a table over as many pages as it takes, totals, and a chart where one helps."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import IO, Any, Final

from gencharge.core.printing import fonts
from gencharge.core.printing.amounts import grouped
from gencharge.core.values.language import Language
from gencharge.core.wording import worded
from gencharge.reports import cells
from gencharge.reports.definitions import Batch, Column, Heading, Kind
from gencharge.reports.writers import Totals, turned

# A PDF is put together in memory and read by people: for more there are the other formats.
MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 14
Colour = tuple[int, int, int]
_INK: Final[Colour] = (24, 28, 40)
_SOFT: Final[Colour] = (104, 112, 130)
_BRAND: Final[Colour] = (58, 51, 168)
_PALE: Final[Colour] = (245, 246, 252)
_WHITE: Final[Colour] = (255, 255, 255)
_LEFT, _WIDTH, _BOTTOM = 10.0, 277.0, 196.0
_LINE: Final = 5.2
_GAP: Final = 1.6
_BARS: Final = 12
# Stands for how many pages there are, until that is known.
_PAGES: Final = "{pages}"
# How wide a column is beside the others.
_SHARES: Final = {
    Kind.TEXT: 30,
    Kind.ID: 34,
    Kind.WORDS: 26,
    Kind.MONEY: 22,
    Kind.INTEGER: 16,
    Kind.BOOLEAN: 14,
    Kind.INSTANT: 31,
    Kind.DATE: 20,
}
_NUMBERS: Final = frozenset({Kind.MONEY, Kind.INTEGER})
# fontTools logs each step of making the font subsets that go into every file.
logging.getLogger("fontTools").setLevel(logging.WARNING)


class PdfWriter:
    """Lays a report out on A4, across."""

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        # Imported for the first PDF: it takes every process a third of a second and 22 MB.
        from fpdf import FPDF

        self._file = file
        self._heading = heading
        self._columns = heading.columns
        self._totals = Totals(heading.columns)
        self._bars = _Bars(heading)
        self._rows = 0
        self._pdf = pdf = FPDF(orientation="landscape", format="A4")
        pdf.set_auto_page_break(False)
        pdf.c_margin = 0
        pdf.set_title(heading.title)
        pdf.set_lang(f"{heading.language.value}-IN")
        fonts.add_fonts(pdf)
        pdf.alias_nb_pages(_PAGES)
        shares = [_SHARES[column.kind] for column in self._columns]
        self._widths = [_WIDTH * share / sum(shares) for share in shares]
        # Many columns are narrow: a smaller letter keeps more of a text.
        self._size = 7.5 if len(shares) <= 9 else 6.2
        self._y = 0.0
        self._next_page()

    def add(self, batch: Batch) -> None:
        """Add rows."""
        values = turned(batch, self._columns)
        self._totals.add(values)
        self._bars.add(values)
        for row in batch:
            if self._y + _LINE > _BOTTOM:
                self._next_page()
            if self._rows % 2:
                self._fill(_LEFT, self._y, _WIDTH, _LINE, _PALE)
            texts = [
                "" if value is None else _text(column, value)
                for column, value in zip(self._columns, row, strict=True)
            ]
            self._line(texts)
            self._rows += 1

    def end(self) -> None:
        """Print totals and chart, and write the file."""
        if not self._rows:
            self._write(
                _LEFT, self._y + 2, self._heading.text(worded("No rows match.")), size=9, colour=_SOFT
            )
            self._y += 8
        elif self._totals.sums:
            if self._y + _LINE > _BOTTOM:
                self._next_page()
            self._pdf.set_draw_color(*_BRAND)
            self._pdf.line(_LEFT, self._y, _LEFT + _WIDTH, self._y)
            sums = self._totals.sums
            texts = [
                _text(column, sums[place])
                if place in sums
                else self._heading.text(worded("Total"))
                if place == 0
                else ""
                for place, column in enumerate(self._columns)
            ]
            self._line(texts, bold=True)
        self._y += 2
        self._write(
            _LEFT,
            self._y,
            self._heading.text(worded("Rows: {rows}", rows=f"{self._rows:,}")),
            size=7.5,
            colour=_SOFT,
        )
        self._chart()
        self._file.write(fonts.finished(self._pdf))

    def abandon(self) -> None:
        """Close the files of its fonts; nothing has been written."""
        fonts.close_fonts(self._pdf)

    def _next_page(self) -> None:
        self._pdf.add_page()
        heading = self._heading
        self._fill(0, 0, 297, 3, _BRAND)
        self._write(_LEFT, 8, heading.title, size=14, bold=True, width=200)
        self._write(_LEFT + _WIDTH, 9, heading.made_at, size=8, colour=_SOFT, align="R")
        filters = "  ·  ".join(f"{name}: {value}" for name, value in heading.filter_words)
        filters = filters or heading.text(worded("No filters"))
        self._write(_LEFT, 15, filters, size=8, colour=_SOFT, width=_WIDTH)
        self._write(
            _LEFT + _WIDTH,
            201,
            heading.text(worded("Page {page} of {pages}", page=self._pdf.page_no(), pages=_PAGES)),
            size=7.5,
            colour=_SOFT,
            align="R",
        )
        self._write(
            _LEFT, 201, heading.text(worded("Times are Indian Standard Time.")), size=7.5, colour=_SOFT
        )
        self._fill(_LEFT, 21, _WIDTH, 6, _BRAND)
        self._y = 21.5
        self._line([heading.words_of(column) for column in self._columns], bold=True, colour=_WHITE)
        self._y = 27.5

    def _line(self, texts: Sequence[str], *, bold: bool = False, colour: Colour = _INK) -> None:
        x = _LEFT
        for column, width, text in zip(self._columns, self._widths, texts, strict=True):
            inner = width - 2 * _GAP
            right = column.kind in _NUMBERS
            place = x + width - _GAP if right else x + _GAP
            self._write(
                place,
                self._y + 0.8,
                text,
                size=self._size,
                bold=bold,
                colour=colour,
                width=inner,
                align="R" if right else "L",
            )
            x += width
        self._y += _LINE

    def _write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        bold: bool = False,
        colour: Colour = _INK,
        width: float = 80,
        align: str = "L",
    ) -> None:
        """One line with its left end (with align R: its right end) at `x`. Text that is too long ends in dots."""
        if not text:
            return
        pdf = self._pdf
        pdf.set_font(fonts.FAMILY, "B" if bold else "", size)
        pdf.set_text_color(*colour)
        text = fonts.printable(text)
        fonts.prepare(pdf, text)
        pdf.set_xy(x - width if align == "R" else x, y)
        fonts.print_cell(pdf, width, size * 0.5, self._fitted(text, width), align=align)

    def _fitted(self, text: str, width: float) -> str:
        measure = self._pdf.get_string_width
        whole = measure(text)
        if whole <= width:
            return text
        # Not one letter at a time: a cell may hold thousands.
        shown = text[: max(1, int(len(text) * width / whole) + 2)]
        while shown and measure(f"{shown}…") > width:
            shown = shown[:-1]
        return f"{shown.rstrip()}…"

    def _fill(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(x, y, width, height, style="F")

    def _chart(self) -> None:
        bars = self._bars.largest()
        if len(bars) < 2:
            return
        height = 12 + 7 * len(bars)
        if self._y + height > _BOTTOM:
            self._next_page()
        y = self._y + 8
        self._write(_LEFT, y, self._bars.title, size=10, bold=True, width=200)
        y += 7
        longest = max(amount for _, amount in bars)
        for label, amount in bars:
            self._write(_LEFT, y + 0.8, label or self._heading.text(worded("none")), size=8, width=48)
            self._fill(_LEFT + 50, y, max(0.4, 180 * amount / longest), 5, _BRAND)
            self._write(_LEFT + _WIDTH, y + 0.8, self._bars.text(amount), size=8, width=44, align="R")
            y += 7
        self._y = y


class _Bars:
    """The sums of the chart's column by its label; nothing if the file does not have both columns."""

    def __init__(self, heading: Heading) -> None:
        places = {column.name: place for place, column in enumerate(heading.columns)}
        chart = heading.chart
        self._sums: Counter[str] = Counter()
        self._label = places.get(chart.label) if chart else None
        self._value = places.get(chart.value) if chart else None
        self._kind = heading.columns[self._value].kind if self._value is not None else Kind.INTEGER
        self.title = ""
        if self._label is not None and self._value is not None:
            label, value = heading.columns[self._label], heading.columns[self._value]
            by = label.words if heading.language is not Language.ENGLISH else label.words.lower()
            self.title = heading.text(worded("{value} by {label}", value=value.words, label=by))

    def add(self, values: Sequence[Sequence[Any]]) -> None:
        """Count a batch that is turned."""
        if self._label is None or self._value is None:
            return
        for label, value in zip(values[self._label], values[self._value], strict=True):
            self._sums[str(label or "")] += value or 0

    def largest(self) -> list[tuple[str, int]]:
        """The largest bars, none of them below zero."""
        return [(label, amount) for label, amount in self._sums.most_common(_BARS) if amount > 0]

    def text(self, amount: int) -> str:
        """A bar's amount."""
        return _grouped(amount) if self._kind is Kind.MONEY else str(amount)


def _text(column: Column, value: Any) -> str:
    return _grouped(value) if column.kind is Kind.MONEY else cells.as_text(column.kind)(value)


def _grouped(paise: int) -> str:
    return grouped(cells.rupees(paise))
