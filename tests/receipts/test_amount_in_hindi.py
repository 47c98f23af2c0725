"""Amounts in Hindi words."""

from __future__ import annotations

import pytest

from gencharge.core.values.money import Money
from gencharge.receipts.amount_in_hindi import _SMALL, in_hindi_words


@pytest.mark.parametrize(
    ("paise", "words"),
    [
        (0, "शून्य रुपये मात्र"),
        (100, "एक रुपया मात्र"),
        (101, "एक रुपया और एक पैसा मात्र"),
        (299_00, "दो सौ निन्यानवे रुपये मात्र"),
        (1_50, "एक रुपया और पचास पैसे मात्र"),
        (1_000_00, "एक हज़ार रुपये मात्र"),
        (99_999_99, "निन्यानवे हज़ार नौ सौ निन्यानवे रुपये और निन्यानवे पैसे मात्र"),
        (1_23_456_00, "एक लाख तेईस हज़ार चार सौ छप्पन रुपये मात्र"),
        (2_00_00_000_00, "दो करोड़ रुपये मात्र"),
        (9_00_00_001_00, "नौ करोड़ एक रुपये मात्र"),
    ],
)
def test_an_amount_in_words(paise: int, words: str) -> None:
    assert in_hindi_words(Money(paise)) == words


def test_each_number_below_a_hundred_has_a_word_of_its_own() -> None:
    assert len(_SMALL) == len(set(_SMALL)) == 100
