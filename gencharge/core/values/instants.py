"""Instants and days as a request may write them (RFC 3339), never as Unix numbers.

pydantic alone takes `20261121` and `0` for seconds since 1970: a date without its dashes would be an instant in 1970.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from gencharge.core.values import clock
from gencharge.core.wording import worded

# Days beyond these have no neighbours that a calendar or PostgreSQL could name.
FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2999, 12, 31)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_AN_INSTANT: Final = "an instant with its zone (RFC 3339), such as 2026-11-20T10:00:00Z"
_A_DAY: Final = "a day such as 2026-11-20, of the years 1900 to 2999"


def _instant(raw: Any) -> datetime:
    instant = raw
    if isinstance(raw, str) and _INSTANT.fullmatch(raw):
        try:
            instant = datetime.fromisoformat(raw.upper())
        except ValueError:
            instant = None
    if not isinstance(instant, datetime) or instant.tzinfo is None:
        raise PydanticCustomError("instant", _AN_INSTANT)
    # In some zone the first and the last instants that Python knows can't be named: a row with one would break every file it is in.
    # The year counts in UTC, as the instant is written.
    try:
        instant = instant.astimezone(UTC)
        is_named = FIRST_DAY.year <= instant.year <= LAST_DAY.year
    except OverflowError:
        is_named = False
    if not is_named:
        raise PydanticCustomError("instant", "Must be a date of the years 1900 to 2999")
    return instant


def _day(raw: Any) -> date:
    day = raw
    if isinstance(raw, str) and _DAY.fullmatch(raw):
        try:
            day = date.fromisoformat(raw)
        except ValueError:
            day = None
    if not isinstance(day, date) or isinstance(day, datetime) or not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("day", _A_DAY)
    return day


def _is_day(raw: Any) -> bool:
    if isinstance(raw, str):
        return _DAY.fullmatch(raw) is not None
    return isinstance(raw, date) and not isinstance(raw, datetime)


def _bound(raw: Any) -> None:
    """Raises PydanticCustomError for what is neither a day nor an instant."""
    if not isinstance(raw, datetime) and not (isinstance(raw, str) and _INSTANT.fullmatch(raw)):
        raise PydanticCustomError(
            "instant",
            "{reason}",
            {"reason": worded("{day}; or {instant}", day=worded(_A_DAY), instant=worded(_AN_INSTANT))},
        )


def _since(raw: Any) -> datetime:
    if _is_day(raw):
        return clock.start_of_day(_day(raw))
    _bound(raw)
    return _instant(raw)


def _until(raw: Any) -> datetime:
    if _is_day(raw):
        return clock.start_of_day(_day(raw) + timedelta(days=1))
    _bound(raw)
    return _instant(raw)


_DAY_OR_INSTANT: Final = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
)
Instant = Annotated[datetime, BeforeValidator(_instant)]
"""An instant with its zone; in UTC once it is read."""
Day = Annotated[date, BeforeValidator(_day)]
"""A day of the calendar."""
Since = Annotated[datetime, BeforeValidator(_since), _DAY_OR_INSTANT]
"""The first instant that counts: of a day its beginning in India."""
Until = Annotated[datetime, BeforeValidator(_until), _DAY_OR_INSTANT]
"""The first instant that counts no more: of a day its end in India."""
