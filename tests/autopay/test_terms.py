"""What an owner asks for makes sense, or the refusal names the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gencharge.autopay import terms
from gencharge.autopay.errors import AutopayAmountInvalid, AutopayDateInvalid
from gencharge.autopay.models import IntervalUnit
from gencharge.autopay.schemas import Interval
from gencharge.core.values import clock
from gencharge.core.values.money import Money

NOW = datetime(2027, 1, 31, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-1), timedelta(days=366, seconds=1)])
def test_a_date_lies_ahead_and_within_a_year(ahead: timedelta) -> None:
    with clock.at(NOW):
        with pytest.raises(AutopayDateInvalid) as refused:
            terms.check_date(NOW + ahead)
        terms.check_date(NOW + timedelta(seconds=1))
        terms.check_date(NOW + timedelta(days=366))
    assert refused.value.errors[0]["field"] == "body.next_due_at"


@pytest.mark.parametrize("check", [terms.check_amount, terms.check_bill])
def test_the_highest_amount_covers_what_is_to_be_paid_now(check) -> None:  # type: ignore[no-untyped-def]
    check(Money(299_00), Money(299_00))
    with pytest.raises(AutopayAmountInvalid) as refused:
        check(Money(298_99), Money(299_00))
    assert refused.value.errors[0]["field"] == "body.max_amount"
    assert "299.00" in refused.value.errors[0]["message"]


def test_it_begins_when_that_makes_sense_and_else_after_one_interval() -> None:
    month = Interval(n=1, unit=IntervalUnit.MONTH)
    with clock.at(NOW):
        assert terms.first_due(NOW + timedelta(days=3), month) == NOW + timedelta(days=3)
        for instant in (None, NOW, NOW - timedelta(days=1), NOW + timedelta(days=400)):
            assert terms.first_due(instant, month) == datetime(2027, 2, 28, 6, 30, tzinfo=UTC)
