"""Instants and days of a request: RFC 3339, with a zone, and never a Unix number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gencharge.core.values import instants
from gencharge.core.values.clock import IST

INSTANT: TypeAdapter[datetime] = TypeAdapter(instants.Instant)
DAY: TypeAdapter[date] = TypeAdapter(instants.Day)
SINCE: TypeAdapter[datetime] = TypeAdapter(instants.Since)
UNTIL: TypeAdapter[datetime] = TypeAdapter(instants.Until)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
# Midnight in India at the start of 20 November, and at its end.
BEGIN = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
END = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
# Hypothesis takes the ends of a range without a zone.
EARLY, LATE = (instant.replace(tzinfo=None) for instant in (NOON.replace(year=1901), NOON.replace(year=2998)))
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00Z",
        "2026-11-20t12:00:00z",
        "2026-11-20 12:00:00Z",
        "2026-11-20T12:00:00.000000000Z",
        "2026-11-20T17:30:00+05:30",
        "2026-11-20T07:00:00-05:00",
    ],
)
def test_one_instant_may_be_written_in_any_zone_and_is_read_in_utc(text: str) -> None:
    read = INSTANT.validate_python(text)
    assert (read, read.tzinfo) == (NOON, UTC)
    assert SINCE.validate_python(text) == UNTIL.validate_python(text) == NOON


@given(st.datetimes(EARLY, LATE, timezones=ZONES))
def test_what_is_written_as_rfc_3339_is_read_as_it_was(instant: datetime) -> None:
    assert INSTANT.validate_python(instant.isoformat(timespec="microseconds")) == instant


@pytest.mark.parametrize(
    "raw",
    [
        20261121,
        0,
        "0",
        "20261121",
        "86400",
        1e9,
        True,
        None,
        "",
        "2026-11-20T12:00:00",
        "2026-11-20T12:00Z",
        "2026-11-20T25:00:00Z",
        "2026-02-30T12:00:00Z",
        "2026-11-20T12:00:00+5:30",
        "2026-11-20T12:00:00+05",
        "2026-11-20T12:00:00Z ",
        "٢٠٢٦-11-20T12:00:00Z",
        "2026-11-20T12:00:00Z\x00",
        NOON.replace(tzinfo=None),
    ],
)
@pytest.mark.parametrize("reads", [INSTANT, SINCE, UNTIL], ids=["instant", "from", "to"])
def test_no_number_and_nothing_without_a_zone_is_an_instant(reads: TypeAdapter[datetime], raw: Any) -> None:
    with pytest.raises(ValidationError) as refusal:
        reads.validate_python(raw)
    [problem] = refusal.value.errors()
    assert "an instant with its zone (RFC 3339), such as 2026-11-20T10:00:00Z" in problem["msg"]


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00+05:30",
        "1899-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-05:30",
    ],
)
def test_an_instant_that_some_zone_cannot_name_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="years 1900 to 2999"):
        INSTANT.validate_python(text)


@pytest.mark.parametrize(("raw", "day"), [("2026-11-20", NOON.date()), (NOON.date(), NOON.date())])
def test_a_day_is_read(raw: str | date, day: date) -> None:
    assert DAY.validate_python(raw) == day


@pytest.mark.parametrize("day", [instants.FIRST_DAY, instants.LAST_DAY])
def test_the_first_and_the_last_day_are_days(day: date) -> None:
    assert DAY.validate_python(day.isoformat()) == day
    assert SINCE.validate_python(day.isoformat()) < UNTIL.validate_python(day.isoformat())


@pytest.mark.parametrize(
    "raw",
    [
        20261120,
        "20261120",
        "2026-13-01",
        "2026-02-29",
        "1899-12-31",
        "3000-01-01",
        "2026-11-20T00:00:00Z",
        "26-11-20",
        "",
        None,
        NOON,
    ],
)
def test_nothing_else_is_a_day(raw: Any) -> None:
    with pytest.raises(ValidationError, match="a day such as 2026-11-20"):
        DAY.validate_python(raw)


def test_a_day_as_a_bound_is_the_whole_day_in_india() -> None:
    assert SINCE.validate_python("2026-11-20") == BEGIN
    assert UNTIL.validate_python("2026-11-20") == END


@given(st.dates(instants.FIRST_DAY, instants.LAST_DAY))
def test_from_and_to_of_one_day_hold_exactly_its_instants_in_india(day: date) -> None:
    since, until = SINCE.validate_python(day), UNTIL.validate_python(day.isoformat())
    for instant, within in (
        (since, True),
        (until - timedelta(microseconds=1), True),
        (since - timedelta(microseconds=1), False),
        (until, False),
    ):
        assert (instant.astimezone(IST).date() == day) is within


def test_the_document_says_that_a_bound_is_a_day_or_an_instant() -> None:
    expected = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
    assert SINCE.json_schema() == UNTIL.json_schema() == expected
