"""What a chart may show of an area, and the value of a bar."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from gencharge.analytics.area_schemas import AreaPart, TimesAndMoney, models_of
from gencharge.analytics.catalogue_crud import DELIVERY
from gencharge.analytics.chart_schemas import MONEY, REVENUE, TRANSACTIONS, charted, is_money, value_of
from gencharge.core.values.money import SignedMoney

FACTS = {
    "delivered": TimesAndMoney(count=3, amount=SignedMoney(29_950)),
    "failed": TimesAndMoney(count=1, amount=SignedMoney(0)),
}


def test_a_day_and_a_part_have_their_counts_and_amounts_in_rupees() -> None:
    day = models_of(DELIVERY)["day"](day=date(2026, 11, 22), **FACTS)
    part = AreaPart(key="api", count=3, percent=100.0, amount=SignedMoney(29_950))
    for row in (day, part):
        assert value_of(row, "delivered") == 3
        assert value_of(row, "delivered_amount") == 299.5


def test_a_distribution_is_of_what_it_counts() -> None:
    what = charted(DELIVERY)
    assert what.measures[:2] == ("delivered", "failed")
    assert what.distributions["failure"] == ("failed", "failed_amount")
    assert what.distributions["operator"][0] == "delivered"


def test_only_what_there_is_can_be_asked_for() -> None:
    query = charted(DELIVERY).query
    assert query.model_validate({"show": "channel", "measure": "delivered"}).model_dump()["show"] == "channel"
    for wrong in ({"show": "moon"}, {"measure": "sold"}, {"theme": "pink"}, {"x": 1}):
        with pytest.raises(ValidationError):
            query.model_validate(wrong)


def test_amounts_are_known_as_such() -> None:
    assert not is_money("paid", ())
    assert is_money("paid_amount", ())
    assert [name for name in TRANSACTIONS.measures if is_money(name, MONEY)] == ["paid"]
    assert [name for name in REVENUE.measures if not is_money(name, MONEY)] == ["delivered", "refunds"]
