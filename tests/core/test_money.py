"""Money: exact, never negative, never a plain number."""

from __future__ import annotations

import operator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from gencharge.core.http.web import to_json
from gencharge.core.values.money import MAX_PAISE, Money, PositiveMoney


class Bill(BaseModel):
    amount: Money


class Payment(BaseModel):
    amount: PositiveMoney


@given(st.integers(0, MAX_PAISE))
def test_what_is_written_is_read_back_to_the_paisa(paise: int) -> None:
    money = Money(paise)
    written = to_json(Bill(amount=money)).decode()
    assert written == f'{{"amount":{paise // 100}.{paise % 100:02d}}}'
    assert Bill.model_validate_json(written).amount == money
    assert Money.parse(str(money)) == Money.parse(Decimal(str(money))) == money


@given(st.decimals(0, 10**8, places=2))
def test_numbers_strings_and_decimals_of_two_places_are_the_same_money(amount: Decimal) -> None:
    assert Money.parse(float(amount)) == Money.parse(str(amount)) == Money.parse(amount)


@pytest.mark.parametrize(
    "raw",
    [
        -1,
        -0.01,
        0.001,
        1.005,
        float("nan"),
        float("inf"),
        1e400,
        10**8 + 1,
        "",
        " 1",
        "1 ",
        "1.",
        ".5",
        "1,000",
        "₹1",
        "१००",
        "1e3",
        "0x1",
        "NaN",
        "-1",
        "1_000",
        True,
        None,
        [],
        {},
        b"1",
    ],
)
def test_what_is_not_an_exact_amount_is_refused_with_what_would_be_right(raw: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Bill.model_validate({"amount": raw})
    assert "amount" in refused.value.errors()[0]["msg"]


@pytest.mark.parametrize("raw", [0, 0.0, "0", "0.00"])
def test_a_payment_is_above_zero(raw: object) -> None:
    assert Bill.model_validate({"amount": raw}).amount == Money(0)
    with pytest.raises(ValidationError, match="above zero"):
        Payment.model_validate({"amount": raw})


def test_sums_are_money_and_a_debt_is_an_error() -> None:
    assert Money.rupees(1) + Money(50) == Money(150)
    assert Money.rupees(2) - Money(50) == Money(150)
    assert Money(7) * 3 == Money(21)
    assert Money(1) < Money(2)
    one, two = Money(1), Money(2)
    for of in (operator.lt, operator.le, operator.gt, operator.ge):
        assert [of(one, two), of(two, one), of(one, Money(1))] == [of(1, 2), of(2, 1), of(1, 1)]
        with pytest.raises(TypeError):
            of(one, 1)
    with pytest.raises(ValueError, match="0 to"):
        Money(1) - Money(2)
    with pytest.raises(TypeError):
        Money(1) + 1  # type: ignore[operator]
    assert Money(1) != 1


def test_money_is_not_changed_and_not_made_of_fractions_or_flags() -> None:
    with pytest.raises(AttributeError):
        Money(1).paise = 2
    for wrong in (1.0, True, "1"):
        with pytest.raises(TypeError):
            Money(wrong)  # type: ignore[arg-type]


def test_the_documentation_says_what_the_validator_does() -> None:
    schema = Payment.model_json_schema()["properties"]["amount"]
    assert schema["exclusiveMinimum"] == 0
    # Binary fractions: a validator that divides by 0.01 refuses every sixth amount, 19.99 among them.
    assert "multipleOf" not in schema
