"""Amounts in words, with the Indian numbering."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gencharge.core.values.money import MAX_PAISE, Money
from gencharge.receipts.amount_in_words import in_words

UNITS = {
    word: number
    for number, word in enumerate(
        [
            "Zero",
            "One",
            "Two",
            "Three",
            "Four",
            "Five",
            "Six",
            "Seven",
            "Eight",
            "Nine",
            "Ten",
            "Eleven",
            "Twelve",
            "Thirteen",
            "Fourteen",
            "Fifteen",
            "Sixteen",
            "Seventeen",
            "Eighteen",
            "Nineteen",
        ]
    )
}
TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"], start=2
    )
}
SCALES = {"Hundred": 100, "Thousand": 1_000, "Lakh": 1_00_000, "Crore": 1_00_00_000}


def value_of(words: str) -> int:
    """A number from its words."""
    total = group = 0
    for word in words.replace("-", " ").split():
        if word == "Crore":
            total, group = (total + group) * SCALES[word], 0
        elif word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            group += UNITS[word] if word in UNITS else TENS[word]
    return total + group


@pytest.mark.parametrize(
    ("rupees", "words"),
    [
        ("0", "Rupees Zero Only"),
        ("0.01", "Rupees Zero and One Paisa Only"),
        ("0.05", "Rupees Zero and Five Paise Only"),
        ("1", "Rupees One Only"),
        ("19", "Rupees Nineteen Only"),
        ("20", "Rupees Twenty Only"),
        ("21.99", "Rupees Twenty-One and Ninety-Nine Paise Only"),
        ("99", "Rupees Ninety-Nine Only"),
        ("100", "Rupees One Hundred Only"),
        ("110", "Rupees One Hundred Ten Only"),
        ("299", "Rupees Two Hundred Ninety-Nine Only"),
        ("999.10", "Rupees Nine Hundred Ninety-Nine and Ten Paise Only"),
        ("1000.50", "Rupees One Thousand and Fifty Paise Only"),
        ("12345.67", "Rupees Twelve Thousand Three Hundred Forty-Five and Sixty-Seven Paise Only"),
        ("99999", "Rupees Ninety-Nine Thousand Nine Hundred Ninety-Nine Only"),
        ("100000", "Rupees One Lakh Only"),
        ("100001", "Rupees One Lakh One Only"),
        ("9999999", "Rupees Ninety-Nine Lakh Ninety-Nine Thousand Nine Hundred Ninety-Nine Only"),
        ("10000000", "Rupees One Crore Only"),
        ("100000000", "Rupees Ten Crore Only"),
    ],
)
def test_amounts_are_written_out_as_in_india(rupees: str, words: str) -> None:
    assert in_words(Money.rupees(rupees)) == words


@given(st.integers(0, MAX_PAISE))
def test_the_words_mean_the_amount(paise: int) -> None:
    words = in_words(Money(paise)).removeprefix("Rupees ").removesuffix(" Only")
    rupees, _, rest = words.partition(" and ")
    assert (
        value_of(rupees) * 100 + (value_of(rest.removesuffix(" Paise").removesuffix(" Paisa")) if rest else 0)
        == paise
    )


@given(st.integers(0, MAX_PAISE))
def test_paise_are_named_only_if_there_are_any(paise: int) -> None:
    assert ("Pais" in in_words(Money(paise))) == (paise % 100 != 0)


@given(st.integers(0, MAX_PAISE), st.integers(0, MAX_PAISE))
def test_two_amounts_never_share_their_words(one: int, other: int) -> None:
    assert (in_words(Money(one)) == in_words(Money(other))) == (one == other)
