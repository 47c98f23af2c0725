"""Offers of the scale data: the sample offers that hold for everybody at any time, as the database has them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from gencharge.offers import sample
from scale.people import DAY_MS

_INDIA_MS: Final = 19_800_000
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SLOTS: Final = 16
# Offers by code, for one use or out of a budget have no part in this.
_OPEN: Final = """
    SELECT offer_id, version, min_amount_paise, user_types, sources, operators, payment_methods, weekdays, discount_paise,
           discount_basis_points, discount_cap_paise, cashback_paise, cashback_basis_points, cashback_cap_paise, uses_per_user
    FROM offers WHERE offer_id = ANY ($1) AND status = 'active' AND code IS NULL AND NOT one_time_code AND NOT new_user_only
      AND num_nonnulls(active_from, active_until, total_uses, budget_paise) = 0
      AND plans = '{}' AND plan_groups = '{}' AND circles = '{}'
    ORDER BY offer_id
"""
_ADD: Final = """
    INSERT INTO offer_slots AS slots (offer_id, slot, uses, spent) VALUES ($1, $2, $3, $4)
    ON CONFLICT (offer_id, slot) DO UPDATE SET uses = slots.uses + excluded.uses, spent = slots.spent + excluded.spent
"""


@dataclass(frozen=True, slots=True)
class Reward:
    """What an offer gives on one recharge. Amounts in paise."""

    offer_id: UUID
    version: int
    discount: int
    cashback: int


@dataclass(frozen=True, slots=True)
class Offer:
    """The conditions and rewards of an offer, as its row has them. An empty list is no condition."""

    offer_id: UUID
    version: int
    min_amount_paise: int | None
    user_types: Sequence[str]
    sources: Sequence[str]
    operators: Sequence[str]
    payment_methods: Sequence[str]
    weekdays: Sequence[str]
    discount_paise: int | None
    discount_basis_points: int | None
    discount_cap_paise: int | None
    cashback_paise: int | None
    cashback_basis_points: int | None
    cashback_cap_paise: int | None
    uses_per_user: int | None

    def reward(
        self, price: int, *, operator: str, service_type: str, source: str, method: str, at_ms: int
    ) -> Reward | None:
        """What it gives on this recharge; None if a condition does not hold."""
        day = _DAYS[((at_ms + _INDIA_MS) // DAY_MS + 3) % 7]
        conditions = (
            (self.user_types, service_type),
            (self.sources, source),
            (self.operators, operator),
            (self.payment_methods, method),
            (self.weekdays, day),
        )
        if price < (self.min_amount_paise or 0) or any(some and one not in some for some, one in conditions):
            return None
        discount = _gain(price, self.discount_paise, self.discount_basis_points, self.discount_cap_paise)
        cashback = _gain(price, self.cashback_paise, self.cashback_basis_points, self.cashback_cap_paise)
        return Reward(self.offer_id, self.version, min(discount, price), cashback)


def _gain(price: int, flat: int | None, basis_points: int | None, cap: int | None) -> int:
    if basis_points is None:
        return flat or 0
    return min(price * basis_points // 10_000, cap or price)


class Rewards:
    """The offers, and who took which how often."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        self._taken = Counter[tuple[int, UUID]]()
        self._slots = dict[tuple[UUID, int], list[int]]()

    def choose(self, user: int, price: int, **sold: Any) -> Reward | None:
        """The first offer that holds for this recharge and that the customer may still take."""
        for offer in self._offers:
            reward = offer.reward(price, **sold)
            used_up = (
                offer.uses_per_user is not None and self._taken[user, offer.offer_id] >= offer.uses_per_user
            )
            if reward is not None and not used_up:
                if offer.uses_per_user is not None:
                    self._taken[user, offer.offer_id] += 1
                return reward
        return None

    def use_row(self, reward: Reward, owner: UUID, recharge_id: UUID, at: Any) -> tuple[Any, ...]:
        """The row of `offer_uses`; it is counted, too."""
        slot, cost = owner.bytes[15] % _SLOTS, reward.discount + reward.cashback
        counted = self._slots.setdefault((reward.offer_id, slot), [0, 0])
        counted[0] += 1
        counted[1] += cost
        return (
            owner,
            recharge_id,
            reward.offer_id,
            reward.version,
            slot,
            reward.discount,
            reward.cashback,
            cost,
            reward.cashback,
            at,
        )

    async def add_slots(self, connection: asyncpg.Connection, groups: int) -> None:
        """Add the uses by so many groups of customers to the counters of the offers."""
        rows: Iterable[tuple[Any, ...]] = (
            (*place, uses * groups, spent * groups) for place, (uses, spent) in self._slots.items()
        )
        await connection.executemany(_ADD, rows)


async def open_offers(connection: asyncpg.Connection) -> list[Offer]:
    """The offers of the sample catalogue that anybody may take."""
    rows = await connection.fetch(_OPEN, [offer["offer_id"] for offer in sample.offers()])
    return [Offer(**row) for row in rows]
