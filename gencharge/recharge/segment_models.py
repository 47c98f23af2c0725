"""Customers by recency, frequency and money: what each score and each segment means.

The bounds are fixed, so that a segment means the same tomorrow. A prepaid plan runs 28 days in most cases, so a customer of one number
recharges thirteen times a year: recency counts in plans missed, frequency in recharges of the last 365 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

# Days since the last recharge, at most, for the scores 5 to 2.
RECENCY_DAYS: Final = (14, 35, 70, 140)
# Recharges in the last 365 days, at least, for the scores 5 to 2.
FREQUENCY: Final = (12, 8, 4, 2)
# Rupees paid in the last 365 days, at least, for the scores 5 to 2.
MONEY_RUPEES: Final = (5_000, 2_500, 1_200, 500)


SegmentKey = Literal["champions", "loyal", "promising", "fading", "cannot_lose", "at_risk", "lost"]
# Frequency and money are those of so many days.
YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: the lowest scores that it takes. A customer is in the first of SEGMENTS that they meet."""

    key: str
    means: str
    recency: int
    frequency: int = 1
    money: int = 1


SEGMENTS: Final = (
    Segment(
        "champions",
        "Recharged within 35 days, 8 times or more and for 2,500 rupees or more in a year.",
        4,
        4,
        4,
    ),
    Segment("loyal", "Recharged within 70 days, and 4 times or more in a year.", 3, 3),
    Segment("promising", "Recharged within 35 days, at most 3 times in a year: new, or seldom here.", 4),
    Segment("fading", "Last recharged 36 to 70 days ago, at most 3 times in a year.", 3),
    Segment(
        "cannot_lose",
        "Last recharged 71 to 140 days ago, 8 times or more and for 2,500 rupees or more in a year.",
        2,
        4,
        4,
    ),
    Segment("at_risk", "Last recharged 71 to 140 days ago.", 2),
    Segment("lost", "Last recharged more than 140 days ago.", 1),
)


def segment_of(days: float, recharges: int, paise: int) -> str:
    """The segment of a customer whose last delivered recharge is so many days ago, with so many in the last 365 days, for so much.

    `analytics.customers_crud` says the same in SQL, for all customers at once; a test compares the two.
    """
    recency = _score([days <= bound for bound in RECENCY_DAYS])
    frequency = _score([recharges >= bound for bound in FREQUENCY])
    money = _score([paise >= bound * 100 for bound in MONEY_RUPEES])
    return next(
        one.key
        for one in SEGMENTS
        if recency >= one.recency and frequency >= one.frequency and money >= one.money
    )


def _score(meets: Sequence[bool]) -> int:
    """5 for the first bound that is met, 4 for the second; 1 for none."""
    return 5 - meets.index(True) if True in meets else 1
