"""What the offers of a simulation give, worked out once more, without the product: what a sale has to have if the product is right.

They are the sample offers, and one with a code that a tenth of the customers can use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gencharge.core.values.clock import IST
from life.steps import Sold

_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Deal:
    """A recharge that is about to be sold, as far as offers depend on it."""

    plan: Sold
    method: str
    source: str
    at: datetime
    is_first: bool = False

    @property
    def paise(self) -> int:
        """What the plan costs."""
        return self.plan.rupees * 100


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage, in hundredths of a percent, up to so many rupees."""

    basis_points: int
    cap: int

    def of(self, paise: int) -> int:
        """Rounded down to the paisa."""
        return min(self.cap * 100, paise * self.basis_points // 10_000)


@dataclass(frozen=True, slots=True)
class Bargain:
    """An offer: what it gives, on which recharges, and how often. Amounts in rupees; 0 and the empty string: no such condition."""

    name: str
    code: str = ""
    off: int | Share = 0
    back: int | Share = 0
    min_rupees: int = 0
    operator: str = ""
    method: str = ""
    plan_type: str = ""
    source: str = ""
    weekend: bool = False
    first: bool = False
    for_each: int = 0
    for_all: int = 0

    def fits(self, deal: Deal) -> bool:
        """Whether the offer is for this recharge, its limits aside."""
        plan = deal.plan
        return (
            plan.rupees >= self.min_rupees
            and self.operator in {"", plan.operator}
            and self.method in {"", deal.method}
            and self.plan_type in {"", plan.plan_type}
            and self.source in {"", deal.source}
            and (not self.weekend or deal.at.astimezone(IST).weekday() >= _SATURDAY)
            and (not self.first or deal.is_first)
        )

    def gives(self, paise: int) -> tuple[int, int]:
        """The discount on a price and the cashback on what is left of it, in paise."""
        discount = _part(self.off, paise)
        return discount, _part(self.back, paise - discount)


def _part(gain: int | Share, paise: int) -> int:
    return gain.of(paise) if isinstance(gain, Share) else gain * 100


SAMPLE: Final = (
    Bargain("Welcome: 20 % off", "WELCOME20", off=Share(2_000, 50), first=True, for_each=1),
    Bargain("Festival of lights", "DIWALI30", off=30, min_rupees=299, for_each=2),
    Bargain("UPI weekend", back=Share(500, 25), method="upi", weekend=True),
    Bargain("Jio from the wallet", back=10, min_rupees=199, operator="JIO", method="wallet", for_each=12),
    Bargain("Postpaid thanks", off=Share(250, 20), back=5, plan_type="postpaid", source="app"),
)


def limited(customers: int) -> Bargain:
    """The offer that the staff make for a tenth of so many customers: once each."""
    return Bargain("Forty off", "TOWN40", off=40, min_rupees=149, for_each=1, for_all=max(2, customers // 10))


def best(bargains: Iterable[Bargain], deal: Deal) -> Bargain | None:
    """The one without a code that saves most on this recharge; of two that save the same the one with more off the price."""
    fitting = [each for each in bargains if not each.code and each.fits(deal)]

    def rank(bargain: Bargain) -> tuple[int, int]:
        discount, cashback = bargain.gives(deal.paise)
        return discount + cashback, discount

    return max(fitting, key=rank, default=None)
