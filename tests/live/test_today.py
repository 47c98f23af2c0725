"""Figures of today: what each admin sees of them, and how fast they grow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from gencharge.analytics.today_crud import COUNTED
from gencharge.core.values.money import Money, SignedMoney
from gencharge.live.today import Others, Today

DAY, AT = date(2026, 11, 22), datetime(2026, 11, 22, 6, tzinfo=UTC)
OTHERS = Others(sign_ups=4, topups=2, topped_up=70_050)


def counts(**operators: dict[str, int]) -> dict[str, dict[str, int]]:
    return {name: dict.fromkeys(COUNTED, 0) | measures for name, measures in operators.items()}


def of(message: Any) -> dict[str | None, tuple[int, SignedMoney]]:
    """What a message says was delivered and paid, in all (None) and by operator."""
    return {part.operator: (part.delivered, part.paid) for part in (message.total, *message.operators)}


@pytest.fixture
def today() -> Today:
    """A look at two operators."""
    today = Today()
    jio = {"sold": 3, "delivered": 3, "delivered_price": 90_000, "delivered_discount": 1_000}
    today.add(100.0, DAY, counts(JIO=jio, VI={"sold": 2, "delivered": 1, "delivered_price": 19_900}))
    return today


def test_the_total_is_the_sum_of_what_the_admin_sees(today: Today) -> None:
    assert of(today.message(AT, (), OTHERS)) == {
        None: (4, SignedMoney(108_900)),
        "JIO": (3, SignedMoney(89_000)),
        "VI": (1, SignedMoney(19_900)),
    }
    assert of(today.message(AT, ("VI",), OTHERS)) == {
        None: (1, SignedMoney(19_900)),
        "VI": (1, SignedMoney(19_900)),
    }
    assert of(today.message(AT, ("BSNL",), OTHERS)) == {None: (0, SignedMoney(0))}


def test_what_belongs_to_no_operator_is_not_for_who_sees_some(today: Today) -> None:
    others = today.message(AT, (), OTHERS).others
    assert others is not None
    assert (others.sign_ups, others.topups, others.topped_up) == (4, 2, Money(70_050))
    assert today.message(AT, ("JIO", "VI"), OTHERS).others is None


def test_rates_are_over_the_last_minute_and_not_over_an_instant(today: Today) -> None:
    assert today.message(AT, (), None).total.per_minute is None
    for second in range(1, 121):
        today.add(100.0 + second, DAY, counts(JIO={"sold": 3 + 2 * second, "delivered": 3 + second}))
        if second == 4:
            assert today.message(AT, (), None).total.per_minute is None
    rate = today.message(AT, ("JIO",), None).total.per_minute
    assert rate is not None
    assert (rate.sold, rate.delivered, rate.failed) == (120.0, 60.0, 0.0)


def test_a_figure_that_is_corrected_downwards_has_no_negative_rate(today: Today) -> None:
    today.add(110.0, DAY, counts(JIO={"sold": 1}))
    rate = today.message(AT, (), None).total.per_minute
    assert rate is not None
    assert rate.sold == 0.0


def test_a_new_day_begins_at_zero_without_a_rate(today: Today) -> None:
    today.add(110.0, date(2026, 11, 23), counts(JIO={"sold": 1}))
    message = today.message(AT, (), None)
    assert (message.day, message.total.sold, message.total.per_minute) == (date(2026, 11, 23), 1, None)


def test_after_nobody_listened_the_next_look_is_the_first(today: Today) -> None:
    today.forget()
    today.add(500.0, DAY, counts(JIO={"sold": 900}))
    assert today.message(AT, (), None).total.per_minute is None
