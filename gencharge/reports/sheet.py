"""A report as XLSX: typed columns, a header that stays in sight, totals. Rows go to the disk as they come."""

from __future__ import annotations

import tempfile
from typing import IO, Any, Final

import xlsxwriter

from gencharge.core.wording import worded
from gencharge.reports import cells
from gencharge.reports.definitions import Batch, Column, Heading, Kind
from gencharge.reports.writers import Totals, turned

# A sheet has 1,048,576 rows; what does not fit goes on on the next one.
ROWS_PER_SHEET: Final = 1_000_000
_LONGEST: Final = 32_767
# The Indian grouping: 12,34,567.00.
_MONEY: Final = "[>=10000000]##\\,##\\,##\\,##0.00;[>=100000]##\\,##\\,##0.00;##,##0.00"
# A text that is edited in a cell of this format stays a text, whatever it begins with.
_FORMATS: Final = {
    Kind.TEXT: "@",
    Kind.ID: "@",
    Kind.WORDS: "@",
    Kind.MONEY: _MONEY,
    Kind.INTEGER: "0",
    Kind.BOOLEAN: "General",
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.DATE: "yyyy-mm-dd",
}
_WIDTHS: Final = {
    Kind.TEXT: 22,
    Kind.ID: 38,
    Kind.WORDS: 22,
    Kind.MONEY: 14,
    Kind.INTEGER: 12,
    Kind.BOOLEAN: 10,
    Kind.INSTANT: 20,
    Kind.DATE: 12,
}


class SheetWriter:
    """Writes a workbook, whose archive is put together at the end."""

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gencharge-report-")
        options = {"constant_memory": True, "tmpdir": self._folder.name, "default_date_format": "yyyy-mm-dd"}
        self._book = xlsxwriter.Workbook(file, options)
        self._heading = heading
        self._columns = heading.columns
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._formats = [
            self._book.add_format({"num_format": _FORMATS[column.kind]}) for column in self._columns
        ]
        self._totals = Totals(self._columns)
        self._book.set_properties({"title": heading.title, "comments": _about(heading)})
        self._next_sheet()

    def _next_sheet(self) -> None:
        self._sheet: Any = self._book.add_worksheet()
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, _WIDTHS[column.kind], self._formats[place])
        for place, header in enumerate(self._heading.headers):
            self._sheet.write_string(0, place, header, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def add(self, batch: Batch) -> None:
        """Add rows."""
        values = turned(batch, self._columns)
        self._totals.add(values)
        parts = [
            [None if value is None else _value(column, value) for value in column_values]
            for column, column_values in zip(self._columns, values, strict=True)
        ]
        writes = [_WRITES[column.kind] for column in self._columns]
        for row in zip(*parts, strict=True):
            if self._row > ROWS_PER_SHEET:
                self._next_sheet()
            sheet, number = self._sheet, self._row
            for place, value in enumerate(row):
                if value is not None:
                    writes[place](sheet, number, place, value, self._formats[place])
            self._row += 1

    def end(self) -> None:
        """Write the totals, and put the archive together."""
        try:
            for place, total in self._totals.sums.items():
                column = self._columns[place]
                kind = {"bold": True, "top": 1, "num_format": _FORMATS[column.kind]}
                self._sheet.write_number(self._row, place, _value(column, total), self._book.add_format(kind))
            if self._totals.sums and 0 not in self._totals.sums:
                self._sheet.write_string(
                    self._row,
                    0,
                    self._heading.text(worded("Total")),
                    self._book.add_format({"bold": True, "top": 1}),
                )
            self._book.close()
        finally:
            self._folder.cleanup()

    def abandon(self) -> None:
        """Delete what is on the disk. A workbook that is collected unclosed would write its archive into the file."""
        self._book.fileclosed = True
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()
        self._folder.cleanup()


def _about(heading: Heading) -> str:
    filters = "; ".join(f"{name}: {value}" for name, value in heading.filter_words) or heading.text(
        worded("none")
    )
    return heading.text(
        worded("Made at {made_at}. Filters: {filters}.", made_at=heading.made_at, filters=filters)
    )


def _value(column: Column, value: Any) -> Any:
    """What is written: a double holds each amount that we book to the paisa."""
    if column.kind is Kind.MONEY:
        return value / 100
    if column.kind is Kind.INSTANT:
        return cells.local(value)
    if column.kind in {Kind.INTEGER, Kind.BOOLEAN, Kind.DATE}:
        return value
    text = cells.as_text(column.kind)(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


_STRING = xlsxwriter.worksheet.Worksheet.write_string
_NUMBER = xlsxwriter.worksheet.Worksheet.write_number
_WRITES: Final[dict[Kind, Any]] = {
    Kind.TEXT: _STRING,
    Kind.ID: _STRING,
    Kind.WORDS: _STRING,
    Kind.MONEY: _NUMBER,
    Kind.INTEGER: _NUMBER,
    Kind.BOOLEAN: xlsxwriter.worksheet.Worksheet.write_boolean,
    Kind.INSTANT: xlsxwriter.worksheet.Worksheet.write_datetime,
    Kind.DATE: xlsxwriter.worksheet.Worksheet.write_datetime,
}
