"""Files of rows: CSV (RFC 4180, UTF-8) and XLSX, from bytes to texts and back.

Uploaded files are bounded before they are read: rows, columns, the unpacked size of a ZIP archive, the length of
its cells. A cell that a spreadsheet would run as a formula gets an apostrophe in front, and loses it when read.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import python_calamine
import xlsxwriter

from gencharge.core.errors import field_problem
from gencharge.core.values.cells import neutral, plain
from gencharge.core.wording import worded
from gencharge.plans import xlsx_guard
from gencharge.plans.errors import PlanFileInvalid

MAX_ROWS: Final = 10_000
# More than there are columns of plans; nothing of a line is looked at before this limit.
MAX_COLUMNS: Final = 64
_MAX_ROW_CHARACTERS: Final = 200_000
# Empty lines cost time, too.
_MAX_LINES: Final = 10 * MAX_ROWS
CSV: Final = "text/csv; charset=utf-8; header=present"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PER_CHUNK: Final = 200
_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: where it is (the column names are in line 1), and its cells by column."""

    line: int
    cells: dict[str, str]


def read(data: bytes, columns: Sequence[str]) -> list[Row]:
    """The rows of a CSV or XLSX file whose first line names some of `columns`. Empty rows are left out.

    Raises PlanFileInvalid: for another kind of file, other columns, more than 10,000 rows, more cells than names, rows
    that no plan needs.
    """
    if not data.strip():
        raise PlanFileInvalid("The file is empty.")
    lines = _lines_of_xlsx(data) if data.startswith(_ZIP) else _lines_of_csv(data)
    header: list[str] | None = None
    rows: list[Row] = []
    for line, cells in lines:
        if len(cells) > MAX_COLUMNS:
            raise PlanFileInvalid(
                worded(
                    "Line {line} has more than {max_columns} cells. A plan has {columns} columns.",
                    line=line,
                    max_columns=MAX_COLUMNS,
                    columns=len(columns),
                )
            )
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = _header(cells, columns)
            continue
        if len(rows) == MAX_ROWS:
            raise PlanFileInvalid(
                worded("The file has more than {max_rows} rows. Split it.", max_rows=MAX_ROWS)
            )
        if any(cell.strip() for cell in cells[len(header) :]):
            raise PlanFileInvalid(
                worded(
                    "Line {line} has more cells than there are columns. Put text that contains commas in quotes.",
                    line=line,
                )
            )
        texts = [plain(cell.strip()) for cell in cells[: len(header)]]
        texts += [""] * (len(header) - len(texts))
        rows.append(Row(line, dict(zip(header, texts, strict=True))))
    if header is None or not rows:
        raise PlanFileInvalid("The file has no rows below the column names.")
    return rows


def _header(cells: list[str], columns: Sequence[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    choices = ", ".join(columns)
    problems = [
        field_problem(
            f"column {position} ({name or 'no name'})",
            worded("Must be one of: {choices}", choices=choices),
            "column_invalid",
        )
        for position, name in enumerate(names, start=1)
        if name not in columns
    ]
    twice = {name for name, count in Counter(names).items() if count > 1 and name in columns}
    problems += [
        field_problem(name, "Must be the only column with this name", "column_repeated")
        for name in sorted(twice)
    ]
    if problems:
        raise PlanFileInvalid(
            "The first row must name the columns. Some names are unknown or repeated.", errors=problems[:50]
        )
    return names


def _lines_of_csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PlanFileInvalid(
            worded("Line {line} is not UTF-8. Save the file as CSV in UTF-8, or as XLSX.", line=line)
        ) from None
    if "\x00" in text:
        raise PlanFileInvalid("The file is neither CSV nor XLSX.")
    source = _Lines(text)
    reader = csv.reader(source, strict=True)
    while True:
        line = reader.line_num + 1
        source.row_characters = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise PlanFileInvalid(
                worded("Line {line} is not valid CSV: {error}.", line=line, error=error)
            ) from None
        yield line, cells


class _Lines(Iterator[str]):
    """The lines of a text, bounded before the reader makes cells of them: a cell in quotes may go on over many."""

    def __init__(self, text: str) -> None:
        self._lines = enumerate(io.StringIO(text, newline=""), start=1)
        # Of the row that is being read.
        self.row_characters = 0

    def __next__(self) -> str:
        number, line = next(self._lines)
        self.row_characters += len(line)
        if self.row_characters > _MAX_ROW_CHARACTERS:
            raise PlanFileInvalid(
                worded(
                    "The row that ends in line {number} is longer than {max_row_characters:,} characters.",
                    number=number,
                    max_row_characters=_MAX_ROW_CHARACTERS,
                )
            )
        if number > _MAX_LINES:
            raise PlanFileInvalid(
                worded("The file has more than {max_lines:,} lines. Split it.", max_lines=_MAX_LINES)
            )
        return line


def _lines_of_xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    safe = xlsx_guard.unpacked(data, max_rows=MAX_ROWS + 1)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(safe))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except Exception as error:  # the reader raises many kinds of errors for broken files
        raise PlanFileInvalid(
            worded("The XLSX file can't be read: {error}", error=str(error)[:200])
        ) from None
    for line, cells in enumerate(rows, start=1):
        yield line, [_text(cell) for cell in cells]


def _text(cell: Any) -> str:
    """A cell of a sheet as text: whole numbers without a point, truth as `true`, dates as ISO 8601 has them."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        # Money has two decimals: more come from floating point only.
        return str(int(cell)) if cell.is_integer() else repr(round(cell, 6))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def csv_chunks(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file, some rows at a time, with CRLF at the ends of lines."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, start=1):
        writer.writerow([neutral(cell) for cell in row])
        if number % _PER_CHUNK == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """An XLSX file with one sheet; every cell is text, never a formula or a link."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("plans")
    bold = book.add_format({"bold": True})
    for position, name in enumerate(columns):
        sheet.write_string(0, position, name, bold)
    for number, row in enumerate(rows, start=1):
        for position, cell in enumerate(row):
            if cell:
                sheet.write_string(number, position, neutral(cell))
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()
