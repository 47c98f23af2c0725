"""The offers that a process holds in memory: every offer, and those available at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from gencharge.core.http.cached import ResponseCache
from gencharge.core.rooms.timeline import Timeline, is_available, is_upcoming
from gencharge.offers.errors import OfferNotFound
from gencharge.offers.models import OfferStatus
from gencharge.offers.rules import OfferConditions, OfferLimits, OfferReward, columns_of
from gencharge.plans.models import PlanSnapshot


@dataclass(frozen=True, slots=True)
class OfferTypeSnapshot:
    """An offer type."""

    offer_type_id: UUID
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class OfferSnapshot:
    """The terms of an offer at one version. Instants are UTC."""

    offer_id: UUID
    version: int
    offer_type_id: UUID
    name: str
    description: str
    code: str | None
    status: OfferStatus
    is_special: bool
    active_from: datetime | None
    active_until: datetime | None
    conditions: OfferConditions
    reward: OfferReward
    limits: OfferLimits
    created_at: datetime

    def available_at(self, instant: datetime) -> bool:
        """True if the offer is active at `instant` (UTC) and within its window."""
        return is_available(self, instant)

    @property
    def needs_code(self) -> bool:
        """True if only those who have a code can use it."""
        return self.code is not None or self.conditions.one_time_code

    def is_for_operator(self, operator: str) -> bool:
        """True if the offer is for the plans of this operator."""
        return not self.conditions.operators or operator in self.conditions.operators

    def is_for_plan(self, plan: PlanSnapshot) -> bool:
        """True if the offer is for this plan, by its operator, group, id, circles and price."""
        conditions = self.conditions
        return (
            self.is_for_operator(plan.operator)
            and (not conditions.plan_groups or plan.group_id in conditions.plan_groups)
            and (not conditions.plans or plan.plan_id in conditions.plans)
            and (
                not conditions.circles or not plan.circles or not plan.circles.isdisjoint(conditions.circles)
            )
            and (conditions.min_amount is None or plan.highest_price >= conditions.min_amount)
        )

    def terms(self) -> dict[str, Any]:
        """The terms as plain values under the names of the columns; money in paise, percentages in basis points."""
        return {
            "name": self.name,
            "description": self.description,
            "code": self.code,
            "offer_type_id": self.offer_type_id,
            "status": self.status,
            "is_special": self.is_special,
            "active_from": self.active_from,
            "active_until": self.active_until,
            **columns_of(self.conditions),
            **columns_of(self.reward),
            **columns_of(self.limits),
        }


@dataclass(slots=True, eq=False)
class ActiveOffers:
    """The offers available between two instants (UTC, `since` <= t < `until`), and the responses made from them."""

    since: datetime
    until: datetime
    offers: tuple[OfferSnapshot, ...]
    snapshot: OffersSnapshot = field(repr=False)
    _responses: ResponseCache = field(default_factory=ResponseCache, repr=False)
    _cached_for: object = field(default=None, repr=False)
    _plans: dict[tuple[UUID, int], tuple[tuple[OfferSnapshot, ...], tuple[OfferSnapshot, ...]]] = field(
        default_factory=dict, repr=False
    )

    def responses_with(self, plans_on_sale: object) -> ResponseCache:
        """The responses made from these offers and from `plans_on_sale`, whose operators and plans the filters name.

        Dropped as soon as either changes, so no response can be stale.
        """
        if self._cached_for is not plans_on_sale:
            self._responses, self._cached_for = ResponseCache(), plans_on_sale
        return self._responses

    def for_plan(self, plan: PlanSnapshot) -> tuple[OfferSnapshot, ...]:
        """The offers for this plan. Found once for each version of a plan."""
        return self._of_plan(plan)[0]

    def automatic_for(self, plan: PlanSnapshot) -> tuple[OfferSnapshot, ...]:
        """Those of them that need no code."""
        return self._of_plan(plan)[1]

    def _of_plan(self, plan: PlanSnapshot) -> tuple[tuple[OfferSnapshot, ...], tuple[OfferSnapshot, ...]]:
        key = plan.plan_id, plan.version
        offers = self._plans.get(key)
        if offers is None:
            every = tuple(offer for offer in self.offers if offer.is_for_plan(plan))
            offers = every, tuple(offer for offer in every if not offer.needs_code)
            self._plans[key] = offers
        return offers

    def published(self, offer_id: UUID) -> OfferSnapshot:
        """An offer that is or was available; the status of one that no longer is becomes inactive.

        Raises OfferNotFound for an unknown offer, a draft, and an offer that has not begun.
        """
        offer = self.announced(offer_id)
        if is_upcoming(offer, self.since):
            raise OfferNotFound
        return offer

    def announced(self, offer_id: UUID) -> OfferSnapshot:
        """The same, or an active offer that has not begun: who knows its code may know from when it holds.

        Raises OfferNotFound for an unknown offer and a draft.
        """
        offer = self.snapshot.get(offer_id)
        if offer.available_at(self.since):
            return offer
        is_waiting = is_upcoming(offer, self.since)
        if offer.status is OfferStatus.DRAFT or (is_waiting and offer.status is not OfferStatus.ACTIVE):
            raise OfferNotFound
        return offer if is_waiting else replace(offer, status=OfferStatus.INACTIVE)


class OffersSnapshot:
    """Every offer of one version of the offers."""

    def __init__(
        self, version: int, offers: Iterable[OfferSnapshot], types: Iterable[OfferTypeSnapshot] = ()
    ) -> None:
        self.version = version
        self.offers: Mapping[UUID, OfferSnapshot] = MappingProxyType(
            {offer.offer_id: offer for offer in offers}
        )
        self._of_code = {offer.code: offer.offer_id for offer in self.offers.values() if offer.code}
        by_name = sorted(types, key=lambda offer_type: offer_type.name.casefold())
        self.types: Mapping[UUID, OfferTypeSnapshot] = MappingProxyType(
            {offer_type.offer_type_id: offer_type for offer_type in by_name}
        )
        self._timeline = Timeline(self.offers.values(), self._active_between)

    def offer_of_code(self, code: str) -> UUID | None:
        """The offer that has this code, whatever its status."""
        return self._of_code.get(code)

    def get(self, offer_id: UUID) -> OfferSnapshot:
        """The offer of this id, whatever its status. Raises OfferNotFound."""
        try:
            return self.offers[offer_id]
        except KeyError:
            raise OfferNotFound from None

    def type_name(self, offer: OfferSnapshot) -> str:
        """The name of the offer's type; empty if the type was removed and the snapshot is not refreshed yet."""
        offer_type = self.types.get(offer.offer_type_id)
        return offer_type.name if offer_type is not None else ""

    def active(self, instant: datetime) -> ActiveOffers:
        """The offers available at `instant` (UTC)."""
        return self._timeline.at(instant)

    def _active_between(self, since: datetime, until: datetime) -> ActiveOffers:
        offers = tuple(offer for offer in self.offers.values() if offer.available_at(since))
        return ActiveOffers(since, until, offers, self)
