"""What a customer types to find a plan, and the words of a plan that it is looked for in.

"1.5GB" and "1.5 gb" are the same, "28 din" and "२८ दिन" are 28 days, and "OTT" is what customers call plans with a streaming service.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gencharge.plans.models import PlanSnapshot

# As customers write them, in English, Hindi and Hindi in Latin letters, to one spelling.
_SPELLINGS: Final = {
    "days": "day",
    "din": "day",
    "दिन": "day",
    "months": "month",
    "mahina": "month",
    "mahine": "month",
    "महीना": "month",
    "महीने": "month",
    "gbs": "gb",
    "जीबी": "gb",
    "असीमित": "unlimited",
}
_UNITS: Final = ("gb", "mb", "day", "month", "sms")
# What an extra of a plan names when it is a streaming service.
_STREAMING: Final = re.compile(
    r"\b(ott|netflix|prime|hotstar|jiohotstar|jiocinema|jiotv|sonyliv|sony liv|zee5|disney|sun ?nxt|aha|hoichoi|lionsgate|xstream)\b"
)
_DIGITS: Final = str.maketrans("०१२३४५६७८९", "0123456789")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[\u0900-\u097f]*)")
_NUMBER_AND_UNIT: Final = re.compile(rf"(?<=\d)\s+(?=(?:{'|'.join(_UNITS)})(?![^\W\d_]))")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{2,3}(?!\d))")
# A quantity: not any text with these digits at its end.
_QUANTITY: Final = re.compile(rf"\d[\d.]*(?:{'|'.join(_UNITS)})")


def mentions(plan: PlanSnapshot, search: str) -> bool:
    """Whether every word of the search occurs in the plan."""
    text = _text_of(plan)
    return all(_occurs(word, text) for word in _written(search).split())


def _occurs(word: str, text: str) -> bool:
    if _QUANTITY.match(word):
        # 5gb is not 1.5gb, and 8day not 28day.
        return re.search(rf"(?<![\d.]){re.escape(word)}", text) is not None
    return word in text


# More than there are plans on sale; a changed plan is another one.
@lru_cache(maxsize=4096)
def _text_of(plan: PlanSnapshot) -> str:
    extras = " ".join(plan.benefits.get("extras", ()))
    ott = " ott" if _STREAMING.search(f"{plan.name} {plan.description} {extras}".casefold()) else ""
    return _written(f"{plan.name} {plan.description} {extras} {plan.operator} {plan.group}{ott}")


def _written(text: str) -> str:
    """In the one spelling: small letters, "1.5gb", "28day", "1299"."""
    plain = _THOUSANDS.sub("", text.casefold().translate(_DIGITS))
    same = _WORD.sub(lambda word: _SPELLINGS.get(word[0], word[0]), plain)
    return _NUMBER_AND_UNIT.sub("", same)
