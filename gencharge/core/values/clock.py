"""The one clock. Instants are aware and in UTC; business days are in IST.

The database's own clock decides about money and expiry; `pinned` is handed to SQL functions so that tests and the
sample customers' life can move time without sleeping. Nothing that serves customers pins it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

IST: Final = ZoneInfo("Asia/Kolkata")
_pins: list[datetime] = []


def now() -> datetime:
    """The present instant, in UTC."""
    return pinned() or datetime.now(UTC)


def pinned() -> datetime | None:
    """The instant that the clock is held at, or None: then SQL uses its own `now()`."""
    return _pins[-1] if _pins else None


def start_of_day(day: date) -> datetime:
    """Midnight in India at the start of `day`, as an instant in UTC."""
    return datetime.combine(day, time.min, tzinfo=IST).astimezone(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` (aware) for every task of this process, until the block ends."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    _pins.append(instant.astimezone(UTC))
    try:
        yield
    finally:
        _pins.pop()


@contextmanager
def later(**by: float) -> Iterator[None]:
    """Move the clock forward: `with clock.later(days=28): ...`."""
    with at(now() + timedelta(**by)):
        yield
