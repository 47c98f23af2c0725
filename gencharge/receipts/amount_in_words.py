"""Amounts in words, with the Indian numbering: thousand, lakh, crore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gencharge.core.values.money import Money

_SMALL: Final = [
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
_TENS: Final = ["-", "-", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"]
# How many rupees one is, and its name, below the crores.
_GROUPS: Final = ((1_00_000, "Lakh"), (1_000, "Thousand"), (100, "Hundred"))
_CRORE: Final = 1_00_00_000


def in_words(amount: Money) -> str:
    """`Rupees Two Hundred Ninety-Nine and Fifty Paise Only`."""
    rupees, paise = divmod(amount.paise, 100)
    words = f"Rupees {_number(rupees)}"
    if not paise:
        return f"{words} Only"
    return f"{words} and {_number(paise)} {'Paisa' if paise == 1 else 'Paise'} Only"


def _number(value: int) -> str:
    return " ".join(_parts(value)) or _SMALL[0]


def _parts(value: int) -> Iterator[str]:
    crores, value = divmod(value, _CRORE)
    if crores:
        yield f"{_number(crores)} Crore"
    for size, name in _GROUPS:
        count, value = divmod(value, size)
        if count:
            yield f"{_below_hundred(count)} {name}"
    if value:
        yield _below_hundred(value)


def _below_hundred(value: int) -> str:
    if value < len(_SMALL):
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return f"{_TENS[tens]}-{_SMALL[ones]}" if ones else _TENS[tens]
