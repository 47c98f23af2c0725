"""Amounts in Hindi words, with the Indian numbering: हज़ार, लाख, करोड़."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gencharge.core.values.money import Money

# 0 to 99: each has a word of its own.
_SMALL: Final = [
    "शून्य",
    "एक",
    "दो",
    "तीन",
    "चार",
    "पाँच",
    "छह",
    "सात",
    "आठ",
    "नौ",
    "दस",
    "ग्यारह",
    "बारह",
    "तेरह",
    "चौदह",
    "पंद्रह",
    "सोलह",
    "सत्रह",
    "अठारह",
    "उन्नीस",
    "बीस",
    "इक्कीस",
    "बाईस",
    "तेईस",
    "चौबीस",
    "पच्चीस",
    "छब्बीस",
    "सत्ताईस",
    "अट्ठाईस",
    "उनतीस",
    "तीस",
    "इकतीस",
    "बत्तीस",
    "तैंतीस",
    "चौंतीस",
    "पैंतीस",
    "छत्तीस",
    "सैंतीस",
    "अड़तीस",
    "उनतालीस",
    "चालीस",
    "इकतालीस",
    "बयालीस",
    "तैंतालीस",
    "चौवालीस",
    "पैंतालीस",
    "छियालीस",
    "सैंतालीस",
    "अड़तालीस",
    "उनचास",
    "पचास",
    "इक्यावन",
    "बावन",
    "तिरपन",
    "चौवन",
    "पचपन",
    "छप्पन",
    "सत्तावन",
    "अट्ठावन",
    "उनसठ",
    "साठ",
    "इकसठ",
    "बासठ",
    "तिरसठ",
    "चौंसठ",
    "पैंसठ",
    "छियासठ",
    "सड़सठ",
    "अड़सठ",
    "उनहत्तर",
    "सत्तर",
    "इकहत्तर",
    "बहत्तर",
    "तिहत्तर",
    "चौहत्तर",
    "पचहत्तर",
    "छिहत्तर",
    "सतहत्तर",
    "अठहत्तर",
    "उन्यासी",
    "अस्सी",
    "इक्यासी",
    "बयासी",
    "तिरासी",
    "चौरासी",
    "पचासी",
    "छियासी",
    "सत्तासी",
    "अट्ठासी",
    "नवासी",
    "नब्बे",
    "इक्यानवे",
    "बानवे",
    "तिरानवे",
    "चौरानवे",
    "पचानवे",
    "छियानवे",
    "सत्तानवे",
    "अट्ठानवे",
    "निन्यानवे",
]
# How many rupees one is, and its name, below the crores.
_GROUPS: Final = ((1_00_000, "लाख"), (1_000, "हज़ार"), (100, "सौ"))
_CRORE: Final = 1_00_00_000


def in_hindi_words(amount: Money) -> str:
    """`दो सौ निन्यानवे रुपये और पचास पैसे मात्र`."""
    rupees, paise = divmod(amount.paise, 100)
    words = f"{_number(rupees)} {'रुपया' if rupees == 1 else 'रुपये'}"
    if not paise:
        return f"{words} मात्र"
    return f"{words} और {_number(paise)} {'पैसा' if paise == 1 else 'पैसे'} मात्र"


def _number(value: int) -> str:
    return " ".join(_parts(value)) or _SMALL[0]


def _parts(value: int) -> Iterator[str]:
    crores, value = divmod(value, _CRORE)
    if crores:
        yield f"{_number(crores)} करोड़"
    for size, name in _GROUPS:
        count, value = divmod(value, size)
        if count:
            yield f"{_SMALL[count]} {name}"
    if value:
        yield _SMALL[value]
