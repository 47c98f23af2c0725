"""The terms of an offer: exact, bounded, stored as they were given."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gencharge.core.values.money import MAX_PAISE, Money
from gencharge.offers import service as offers
from gencharge.offers.evaluation import (
    saving_on,
)
from gencharge.offers.rules import PercentGain
from tests.make.offers import (
    flat,
    offer,
    percent,
)

amounts = st.integers(1, MAX_PAISE // 4).map(Money)


gains = st.one_of(
    amounts.map(lambda amount: flat(str(amount))),
    st.builds(
        lambda points, cap: percent(str(Decimal(points) / 100), str(cap)), st.integers(1, 10_000), amounts
    ),
)


rewards = st.one_of(
    st.builds(lambda gain: {"discount": gain}, gains),
    st.builds(lambda gain: {"cashback": gain}, gains),
    st.builds(lambda one, two: {"discount": one, "cashback": two}, gains, gains),
)


def cap(gain: dict[str, Any] | None) -> Money:
    return Money(0) if gain is None else Money.rupees(gain.get("cap") or gain["amount"])


@given(rewards, amounts)
def test_a_saving_never_exceeds_the_price_or_its_caps(reward: dict[str, Any], price: Money) -> None:
    saving = saving_on(offer(reward), price)
    assert saving.total <= price
    assert saving.discount <= cap(reward.get("discount"))
    assert saving.cashback <= cap(reward.get("cashback"))
    assert all(type(part.paise) is int for part in (saving.discount, saving.cashback))


@given(rewards, amounts, amounts)
def test_a_higher_price_never_saves_less_in_all_nor_makes_one_pay_less(
    reward: dict[str, Any], one: Money, other: Money
) -> None:
    lower, higher = sorted((one, other))
    snapshot = offer(reward)
    small, large = saving_on(snapshot, lower), saving_on(snapshot, higher)
    assert small.discount <= large.discount
    assert lower - small.discount <= higher - large.discount
    assert small.cashback <= large.cashback
    assert small.total <= large.total


@given(st.integers(1, 10_000), amounts)
def test_a_percentage_is_the_exact_share_rounded_down(points: int, price: Money) -> None:
    text = f"{points // 100}.{points % 100:02d}"
    gain = PercentGain.model_validate(percent(text, str(Money(MAX_PAISE))))
    exact = Decimal(price.paise) * Decimal(text) / 100
    assert gain.basis_points == points
    assert str(gain.percent) == text
    assert 0 <= exact - gain.of(price).paise < 1


@given(rewards)
def test_what_is_stored_comes_back_as_it_was(reward: dict[str, Any]) -> None:
    from gencharge.offers.models import Offer

    snapshot = offer(
        reward,
        conditions={"min_amount": 5, "operators": ["VI", "JIO", "VI"], "weekdays": ["sunday", "monday"]},
        limits={"total_uses": 9, "uses_per_user": 2, "budget": 500},
    )
    row = Offer(offer_id=snapshot.offer_id, version=1, created_at=snapshot.created_at, **snapshot.terms())
    assert offers.snapshot_of(row) == snapshot
    assert snapshot.conditions.operators == ("JIO", "VI")


@pytest.mark.parametrize(
    "wrong",
    [0, -1, 100.01, "12.345", 0.001, "1e1", "१२", True, None, "NaN", "ten"],
)
def test_what_is_no_percentage_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        PercentGain.model_validate(percent(wrong, 10))
