"""The one clock. Instants are aware and in UTC; business days are in IST.

The database's own clock decides about money and expiry; `pinned` is handed to SQL functions so that tests and the
sample customers' life can move time without sleeping. Nothing that serves customers holds it. If the database's clock is off,
as two others say, the process's own instants are handed over.

A machine's clock may jump: it is set by hand, or wrongly by NTP. A process does not follow: it knows by the clock that counts the
seconds since the machine was started what time it should be, and goes on by that until other clocks say otherwise
(`core.stores.timekeeping`). So a jump revives no token or link that had expired and ends no lock before its time.
"""

from __future__ import annotations

import time as machine
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

IST: Final = ZoneInfo("Asia/Kolkata")
# How far the machine's clock may be from where it should be: NTP corrects by steps of less than a second.
TOLERANCE_SECONDS: Final = 2.0
# Counts on while the machine sleeps, and nobody sets it (clock_gettime(2); macOS has no other name for it).
_COUNTER: Final = getattr(machine, "CLOCK_BOOTTIME", machine.CLOCK_MONOTONIC)
_pins: list[datetime] = []


class _Course:
    """What the time was when the counter was 0, in seconds since 1970: as the machine said it when this process began."""

    zero = machine.time() - machine.clock_gettime(_COUNTER)
    # Whether statements get this process's instants, because PostgreSQL's clock is off.
    leads = False


def now() -> datetime:
    """The present instant, in UTC."""
    return _pins[-1] if _pins else datetime.fromtimestamp(seconds(), UTC)


def seconds() -> float:
    """The present instant as seconds since 1970, also while the clock is held: what another machine must take for now."""
    shown, expected = machine.time(), _Course.zero + machine.clock_gettime(_COUNTER)
    return shown if abs(shown - expected) <= TOLERANCE_SECONDS else expected


def jumped_by() -> float:
    """By how many seconds the machine's clock is ahead of where it should be."""
    return machine.time() - _Course.zero - machine.clock_gettime(_COUNTER)


def correct(ahead_seconds: float) -> None:
    """Go on as a clock that this process is so many seconds ahead of."""
    _Course.zero = seconds() - ahead_seconds - machine.clock_gettime(_COUNTER)


def pinned() -> datetime | None:
    """The instant that statements take for now: the one that the clock is held at, or this process's while it leads. None: PostgreSQL's own."""
    if _pins:
        return _pins[-1]
    return datetime.fromtimestamp(seconds(), UTC) if _Course.leads else None


def lead(leads: bool) -> None:
    """Whether statements go by this process's clock from now on, because PostgreSQL's is off (`core.stores.timekeeping`)."""
    _Course.leads = leads


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
