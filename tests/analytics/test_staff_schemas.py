"""Which days a query may ask for."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from gencharge.analytics.periods import Period
from gencharge.analytics.staff_schemas import FiguresQuery
from gencharge.core.values import clock

# Already the next day in India.
LATE = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)


def test_without_days_it_is_the_last_thirty_up_to_today_in_india() -> None:
    with clock.at(LATE):
        assert FiguresQuery().days() == Period(date(2026, 10, 24), date(2026, 11, 22))


def test_a_last_day_alone_means_the_thirty_days_up_to_it() -> None:
    assert FiguresQuery.model_validate({"to": "2026-03-01"}).days() == Period(
        date(2026, 1, 31), date(2026, 3, 1)
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"from": "2026-11-22", "to": "2026-11-01"}, "from must not be after to"),
        ({"from": "2020-01-01", "to": "2026-11-01"}, "At most 732 days at once"),
        ({"from": "2020-01-01"}, "At most 732 days at once"),
        ({"from": "22-11-2026"}, "a day such as 2026-11-20"),
    ],
)
def test_impossible_days_are_refused(query: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FiguresQuery.model_validate(query)
