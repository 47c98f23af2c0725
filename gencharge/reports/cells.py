"""Values of a report as texts: the same in CSV, JSON and PDF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

from gencharge.core.values.cells import neutral
from gencharge.core.values.email import mask_emails
from gencharge.core.values.phone import mask_numbers
from gencharge.reports.definitions import Batch, Column, Kind

# India keeps no daylight saving time; a fixed offset is three times as fast as the zone.
_AHEAD: Final = timedelta(hours=5, minutes=30)
IST: Final = timezone(_AHEAD, "IST")
_TO_THE_SECOND: Final = 19


def rupees(paise: int) -> str:
    """`-1234.05`: exact, without grouping."""
    whole, part = divmod(abs(paise), 100)
    return f"{'-' if paise < 0 else ''}{whole}.{part:02d}"


def local(instant: datetime) -> datetime:
    """The instant on a clock in India, to the second, without a zone: as a spreadsheet has it."""
    return instant.astimezone(IST).replace(tzinfo=None, microsecond=0)


def as_text(kind: Kind) -> Callable[[Any], str]:
    """How a value of this kind, which is not None, reads. Nothing is done about formulas."""
    return _TEXTS[kind]


def _moment(instant: datetime) -> str:
    # The driver gives UTC: adding takes a third of the time of changing the zone.
    moved = instant + _AHEAD if instant.tzinfo is UTC else instant.astimezone(IST)
    return moved.isoformat(" ")[:_TO_THE_SECOND]


def _words(words: Iterable[str]) -> str:
    return " ".join(words)


def _truth(value: bool) -> str:
    return "true" if value else "false"


_TEXTS: Final[dict[Kind, Callable[[Any], str]]] = {
    Kind.TEXT: str,
    Kind.ID: str,
    Kind.WORDS: _words,
    Kind.MONEY: rupees,
    Kind.INTEGER: str,
    Kind.BOOLEAN: _truth,
    Kind.INSTANT: _moment,
    Kind.DATE: date.isoformat,
}
# Kinds whose texts people write, or at least choose.
FREE: Final = frozenset({Kind.TEXT, Kind.WORDS})
# Kinds of which most values are met again and again, so that each is made into a cell once for a batch.
_REPEATED: Final = frozenset({Kind.TEXT, Kind.MONEY, Kind.INTEGER, Kind.BOOLEAN, Kind.DATE})
# RFC 4180, section 2: what must stand between quotes.
_QUOTED: Final = re.compile('[,"\r\n]').search


def csv_cells(kind: Kind, values: Sequence[Any]) -> Sequence[str]:
    """A column of a batch as cells of a CSV file, in quotes where they need them; empty for None. What a spreadsheet would run is
    neutralised."""
    cell = _free_cell(kind) if kind in FREE else _TEXTS[kind]
    distinct = set(values) if kind in _REPEATED else ()
    if 0 < len(distinct) <= len(values) // 2:
        cells = {value: "" if value is None else cell(value) for value in distinct}
        return [cells[value] for value in values]
    return ["" if value is None else cell(value) for value in values]


def _free_cell(kind: Kind) -> Callable[[Any], str]:
    text = _TEXTS[kind]
    return lambda value: quoted(neutral(text(value)))


def quoted(text: str) -> str:
    """A cell of CSV: in quotes, which are doubled inside, if it holds a comma, a quote or a line's end."""
    return '"' + text.replace('"', '""') + '"' if _QUOTED(text) else text


def masked(batch: Batch, columns: Sequence[Column]) -> Batch:
    """The batch with phone numbers and e-mail addresses in its texts masked; ids and references stay."""
    places = {place for place, column in enumerate(columns) if column.kind is Kind.TEXT and _may_name(column)}
    return [
        [
            mask_emails(mask_numbers(value)) if place in places and value is not None else value
            for place, value in enumerate(row)
        ]
        for row in batch
    ]


def _may_name(column: Column) -> bool:
    return not column.name.endswith(("_id", "_reference"))
