"""Values of a report as texts: the same in CSV, JSON and PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

from gencharge.core.values.cells import neutral
from gencharge.core.values.email import mask_emails
from gencharge.core.values.phone import mask_numbers
from gencharge.reports.definitions import Batch, Column, Kind

# India keeps no daylight saving time; a fixed offset is three times as fast as the zone.
IST: Final = timezone(timedelta(hours=5, minutes=30), "IST")


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
    return local(instant).isoformat(" ")


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


def csv_cells(kind: Kind, values: Sequence[Any]) -> list[str]:
    """A column of a batch as cells of a CSV file; empty for None. What a spreadsheet would run is neutralised."""
    text = _TEXTS[kind]
    if kind is Kind.TEXT:
        return ["" if value is None else neutral(value) for value in values]
    if kind in FREE:
        return ["" if value is None else neutral(text(value)) for value in values]
    return ["" if value is None else text(value) for value in values]


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
