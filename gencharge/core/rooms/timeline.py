"""What is available when: items with a status and a window of time.

A `Timeline` cuts time at every instant at which an item becomes available or stops being so. Between two cuts the
available items are the same, so one period can hold them, with everything derived from them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final, Generic, Protocol, TypeVar

ACTIVE: Final = "active"
DRAFT: Final = "draft"
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Scheduled(Protocol):
    """An item that is available from `active_from` to before `active_until` (UTC; None: no limit) while active."""

    @property
    def status(self) -> str: ...

    @property
    def active_from(self) -> datetime | None: ...

    @property
    def active_until(self) -> datetime | None: ...


class Period(Protocol):
    """The time from `since` to before `until` (UTC)."""

    @property
    def since(self) -> datetime: ...

    @property
    def until(self) -> datetime: ...


P = TypeVar("P", bound=Period)


def is_available(item: Scheduled, instant: datetime) -> bool:
    """True if the item is active and `instant` (UTC) is within its window."""
    return (
        item.status == ACTIVE
        and not is_upcoming(item, instant)
        and (item.active_until is None or instant < item.active_until)
    )


def is_upcoming(item: Scheduled, instant: datetime) -> bool:
    """True if the item's window begins after `instant` (UTC)."""
    return item.active_from is not None and item.active_from > instant


class Timeline(Generic[P]):
    """The periods in which the same items are available. Holds the latest one asked for.

    `open_period` makes a period from its two ends.
    """

    def __init__(self, items: Iterable[Scheduled], open_period: Callable[[datetime, datetime], P]) -> None:
        cuts = {
            instant
            for item in items
            if item.status != DRAFT
            for instant in (item.active_from, item.active_until)
            if instant is not None
        }
        self._cuts = sorted(cuts | {_FIRST})
        self._open_period = open_period
        self._current: P | None = None

    def at(self, instant: datetime) -> P:
        """The period that `instant` (UTC) is in; the same object for every instant of it."""
        period = self._current
        if period is None or not period.since <= instant < period.until:
            position = bisect_right(self._cuts, instant)
            until = self._cuts[position] if position < len(self._cuts) else _LAST
            self._current = period = self._open_period(self._cuts[position - 1], until)
        return period
