"""Timelines: an item is available from its first instant to before its last, and periods change only there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gencharge.core.rooms.timeline import Timeline, is_available, is_upcoming

JULY = datetime(2026, 7, 1, tzinfo=UTC)
AUGUST = datetime(2026, 8, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Item:
    status: str = "active"
    active_from: datetime | None = None
    active_until: datetime | None = None


@dataclass(frozen=True, eq=False)
class Available:
    since: datetime
    until: datetime
    items: tuple[Item, ...]


def timeline(*items: Item) -> Timeline[Available]:
    return Timeline(
        items,
        lambda since, until: Available(
            since, until, tuple(item for item in items if is_available(item, since))
        ),
    )


@pytest.mark.parametrize(
    ("instant", "available"),
    [(JULY - INSTANT, False), (JULY, True), (AUGUST - INSTANT, True), (AUGUST, False)],
)
def test_an_active_item_is_available_from_its_first_instant_to_before_its_last(
    instant: datetime, available: bool
) -> None:
    assert is_available(Item(active_from=JULY, active_until=AUGUST), instant) is available


@pytest.mark.parametrize("status", ["draft", "inactive"])
def test_only_an_active_item_is_available(status: str) -> None:
    assert is_available(Item(), JULY)
    assert not is_available(Item(status), JULY)


def test_an_item_is_upcoming_until_its_window_begins() -> None:
    assert [is_upcoming(Item(active_from=JULY), when) for when in (JULY - INSTANT, JULY)] == [True, False]
    assert not is_upcoming(Item(), JULY)


def test_a_period_is_the_same_object_for_every_instant_between_two_cuts() -> None:
    always, july = Item(), Item(active_from=JULY, active_until=AUGUST)
    periods = timeline(always, july)
    within = periods.at(JULY)
    assert periods.at(AUGUST - INSTANT) is within
    assert (within.since, within.until) == (JULY, AUGUST)
    assert within.items == (always, july)
    assert periods.at(JULY - INSTANT).items == periods.at(AUGUST).items == (always,)


def test_a_clock_that_goes_back_gets_the_earlier_period() -> None:
    periods = timeline(Item(active_from=JULY))
    assert len(periods.at(AUGUST).items) == 1
    assert periods.at(JULY - INSTANT).items == ()


def test_a_draft_cuts_nothing_and_an_inactive_item_does() -> None:
    assert timeline(Item("draft", active_from=JULY)).at(JULY).since < JULY
    assert timeline(Item("inactive", active_from=JULY)).at(JULY).since == JULY


def test_without_items_one_period_lasts_for_ever() -> None:
    period = timeline().at(JULY)
    assert (period.since.year, period.until.year) == (1, 9999)
