"""Amounts in words, with the Indian numbering: thousand, lakh, crore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
_CRORE: Final = 1_00_00_000


@dataclass(frozen=True, slots=True)
class Numbering:
    """The Indian numbering in a language: the words for 0 to 99, and the names of what they are counted in."""

    below_hundred: Callable[[int], str]
    crore: str
    lakh: str
    thousand: str
    hundred: str

    def words(self, value: int) -> str:
        """A whole number in words."""
        return " ".join(self._parts(value)) or self.below_hundred(0)

    def _parts(self, value: int) -> Iterator[str]:
        crores, value = divmod(value, _CRORE)
        if crores:
            yield f"{self.words(crores)} {self.crore}"
        for size, name in ((1_00_000, self.lakh), (1_000, self.thousand), (100, self.hundred)):
            count, value = divmod(value, size)
            if count:
                yield f"{self.below_hundred(count)} {name}"
        if value:
            yield self.below_hundred(value)


def in_words(amount: Money) -> str:
    """`Rupees Two Hundred Ninety-Nine and Fifty Paise Only`."""
    rupees, paise = divmod(amount.paise, 100)
    words = f"Rupees {_ENGLISH.words(rupees)}"
    if not paise:
        return f"{words} Only"
    return f"{words} and {_ENGLISH.words(paise)} {'Paisa' if paise == 1 else 'Paise'} Only"


def _below_hundred(value: int) -> str:
    if value < len(_SMALL):
        return _SMALL[value]
    tens, ones = divmod(value, 10)
    return f"{_TENS[tens]}-{_SMALL[ones]}" if ones else _TENS[tens]


_ENGLISH: Final = Numbering(_below_hundred, "Crore", "Lakh", "Thousand", "Hundred")
