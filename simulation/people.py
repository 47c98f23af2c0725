"""Who lives in a simulation. Everybody's choices come from a generator of their own, so that nobody's depend on another's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from gencharge.plans.models import PlanType
from gencharge.plans.sample import plans
from gencharge.seed import user_id_of
from life.steps import Sold

# Beside the sample customers of a development installation, whose numbers end at 50.
_FIRST_NUMBER: Final = 100_000
_OPERATORS: Final = ("JIO", "JIO", "JIO", "JIO", "AIRTEL", "AIRTEL", "AIRTEL", "VI")
_CIRCLES: Final = ("MH", "DL", "KA", "TN", "GJ", "UE", "WB")
_DEVICES: Final = ("Chrome 142 on Android 15", "GenCharge 2.4 on Android 14", "Firefox 145 on Windows 11")
_POSTPAID_SHARE: Final = 0.2
_MOST_RUPEES: Final = 900


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that somebody may buy: what it is, and for how many days it runs (0: as long as the base plan)."""

    plan: Sold
    days: int


@dataclass(slots=True)
class Person:
    """A customer: what they are, and the generator of their choices."""

    number: int
    phone_number: str
    operator: str
    circle: str
    plan_type: str
    joins_after: timedelta
    chance: Random
    device: str
    has_left: bool = False
    has_autopay: bool = False
    # Whose device and address they use, if not their own.
    _host: int = 0
    _keys: int = 0

    @property
    def user_id(self) -> UUID:
        """The customer's id: the same in every simulation."""
        return user_id_of(self.number)

    @property
    def address(self) -> str:
        """Where they sign in from: an address of the documentation range (RFC 3849)."""
        return f"2001:db8::{self._host or self.number:x}"

    def use_device_of(self, other: Person) -> None:
        """Sign in where the other one does, who may use somebody else's device as well."""
        self.device, self._host = other.device, other._host or other.number

    def key(self, what: str) -> str:
        """The next idempotency key."""
        self._keys += 1
        return f"sim-{self.number}-{what}-{self._keys}"

    def choices(self) -> tuple[object, int]:
        """Where this person's choices and keys are now, to go back to with `choose_again`."""
        return self.chance.getstate(), self._keys

    def choose_again(self, choices: tuple[Any, int]) -> None:
        """Make the same choices, with the same keys, once more."""
        state, self._keys = choices
        self.chance.setstate(state)

    def between(self, low_hours: float, high_hours: float) -> timedelta:
        """Some time between so many hours and so many."""
        return timedelta(seconds=round(self.chance.uniform(low_hours, high_hours) * 3600))


def population(count: int, days: int, seed: int) -> list[Person]:
    """So many people, a third of whom are there in the first two days; the others join until two thirds are over."""
    return [_person(position, days, seed) for position in range(count)]


def _person(position: int, days: int, seed: int) -> Person:
    chance = Random(f"{seed}:{position}")  # noqa: S311 - a story, not a secret
    joins = chance.uniform(0, 2) if chance.random() < 1 / 3 else chance.uniform(0, days * 2 / 3)
    return Person(
        number=_FIRST_NUMBER + position,
        phone_number=f"+9196{position:08d}",
        operator=chance.choice(_OPERATORS),
        circle=chance.choice(_CIRCLES),
        plan_type="postpaid" if chance.random() < _POSTPAID_SHARE else "prepaid",
        joins_after=timedelta(seconds=round(joins * 86_400)),
        device=chance.choice(_DEVICES),
        chance=chance,
    )


def _offers(*, is_addon: bool) -> dict[tuple[str, str], list[Offer]]:
    offers: dict[tuple[str, str], list[Offer]] = {}
    for plan in plans():
        rupees, unit = plan["price_paise"] // 100, plan["validity_unit"]
        if plan["is_addon"] is not is_addon or rupees > _MOST_RUPEES:
            continue
        days = {"day": plan["validity_count"], "month": 30 * (plan["validity_count"] or 0)}.get(unit, 0)
        offer = Offer(Sold(plan["operator"], plan["plan_type"], rupees), days)
        offers.setdefault((plan["operator"], plan["plan_type"]), []).append(offer)
    return offers


# For how much talktime people top up, in rupees.
_TOP_UPS: Final = (10, 20, 37, 50, 75, 100, 150, 200)


def top_up_of(person: Person) -> Offer:
    """Talktime for an amount that a prepaid customer chooses."""
    rupees = person.chance.choice(_TOP_UPS)
    return Offer(Sold(person.operator, PlanType.PREPAID.value, rupees, is_any_amount=True), 28)


BASE: Final = _offers(is_addon=False)
ADDONS: Final = _offers(is_addon=True)
assert {PlanType.PREPAID.value, PlanType.POSTPAID.value} == {plan_type for _, plan_type in BASE}
