"""Writers of reports: a heading, rows batch by batch, an end. None of them keeps rows in memory but that of PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, Any, Final, Protocol

import orjson

from gencharge.reports import cells
from gencharge.reports.definitions import Batch, Column, Heading, Kind


class Writer(Protocol):
    """A file that is being written. It is whole after `end` only."""

    def add(self, batch: Batch) -> None:
        """Add rows, in the order of the heading's columns."""

    def end(self) -> None:
        """Write what comes after the rows, such as their totals. The file stays open."""

    def abandon(self) -> None:
        """Write no more, now and when this is collected: another writer may be given the file."""


class Totals:
    """The sums of the columns that add up."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._places = [place for place, column in enumerate(columns) if column.total]
        self.sums: dict[int, int] = dict.fromkeys(self._places, 0)

    def add(self, values: Sequence[Sequence[Any]]) -> None:
        """Add a batch that is turned: a sequence for each column."""
        for place in self._places:
            self.sums[place] += sum(value for value in values[place] if value is not None)


def turned(batch: Batch, columns: Sequence[Column]) -> Sequence[Sequence[Any]]:
    """A sequence of values for each column."""
    return list(zip(*batch, strict=True)) if batch else [() for _ in columns]


class CsvWriter:
    """CSV (RFC 4180, UTF-8, CRLF): a line of headings, and the rows. No totals: the file is for programs, too.

    Cells are made column by column: a million rows take half the time that they take row by row.
    """

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        self._file = file
        self._columns = heading.columns
        # A line with nothing on it would be none.
        self._empty = '""' if len(heading.columns) == 1 else ""
        self._write(",".join(cells.quoted(header) for header in heading.headers))

    def add(self, batch: Batch) -> None:
        """Add rows. A cell that a spreadsheet would run has an apostrophe in front."""
        if not batch:
            return
        parts = zip(self._columns, turned(batch, self._columns), strict=True)
        rows = zip(*(cells.csv_cells(column.kind, values) for column, values in parts), strict=True)
        lines = map(",".join, rows)
        self._write("\r\n".join(line or self._empty for line in lines) if self._empty else "\r\n".join(lines))

    def _write(self, lines: str) -> None:
        self._file.write(lines.encode() + b"\r\n")

    def end(self) -> None:
        """Nothing follows the rows."""

    def abandon(self) -> None:
        """Nothing is pending."""


class JsonWriter:
    """JSON: one object with the heading, the rows one a line, and the totals. Money is a number with two decimals."""

    def __init__(self, file: IO[bytes], heading: Heading) -> None:
        self._file = file
        self._columns = heading.columns
        self._names = [column.name for column in heading.columns]
        self._totals = Totals(heading.columns)
        self._before = b"\n"
        self._rows = 0
        head = orjson.dumps(
            {
                "report": heading.name,
                "title": heading.title,
                "made_at": heading.made_at,
                "filters": dict(heading.filters),
                "columns": [
                    {"name": column.name, "kind": column.kind, "heading": heading.words_of(column)}
                    for column in heading.columns
                ],
            }
        )
        file.write(head[:-1] + b',"rows":[')

    def add(self, batch: Batch) -> None:
        """Add rows."""
        values = turned(batch, self._columns)
        self._totals.add(values)
        parts = [
            [None if value is None else _JSON[column.kind](value) for value in column_values]
            for column, column_values in zip(self._columns, values, strict=True)
        ]
        for row in zip(*parts, strict=True):
            self._file.write(self._before + orjson.dumps(dict(zip(self._names, row, strict=True))))
            self._before = b",\n"
            self._rows += 1

    def end(self) -> None:
        """Write the totals."""
        totals = {
            self._names[place]: _JSON[self._columns[place].kind](total)
            for place, total in self._totals.sums.items()
        }
        self._file.write(b'\n],"totals":' + orjson.dumps(totals) + b',"row_count":%d}\n' % self._rows)

    def abandon(self) -> None:
        """Nothing is pending."""


def _fragment(paise: int) -> orjson.Fragment:
    return orjson.Fragment(cells.rupees(paise))


def _same(value: Any) -> Any:
    return value


_JSON: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.TEXT: _same,
    Kind.ID: str,
    Kind.WORDS: list,
    Kind.MONEY: _fragment,
    Kind.INTEGER: _same,
    Kind.BOOLEAN: _same,
    Kind.INSTANT: lambda instant: instant.astimezone(cells.IST).isoformat(timespec="seconds"),
    Kind.DATE: _same,
}
