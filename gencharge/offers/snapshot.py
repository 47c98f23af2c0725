"""The offers that a process holds in memory: every one, and which hold at an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from gencharge.core.http.cached import Answers
from gencharge.offers.errors import OfferNotFound
from gencharge.offers.models import OfferStatus
from gencharge.offers.rules import OfferConditions, OfferLimits, OfferReward, columns_of
from gencharge.plans import service as plans

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OfferTypeSnapshot:
    """A kind of offers."""

    offer_type_id: UUID
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class OfferSnapshot:
    """An offer's terms at one version. Instants are UTC."""

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
        """True if the offer holds at `instant` (UTC): active, and within its window."""
        return (
            self.status is OfferStatus.ACTIVE
            and (self.active_from is None or self.active_from <= instant)
            and (self.active_until is None or instant < self.active_until)
        )

    def is_for_operator(self, operator: str) -> bool:
        """True if an operator's plans can have the offer."""
        return not self.conditions.operators or operator in self.conditions.operators

    def is_for_plan(self, plan: plans.PlanSnapshot) -> bool:
        """True if the plan can have the offer: operator, group, the plan itself, its circles and its price fit."""
        wanted = self.conditions
        return (
            self.is_for_operator(plan.operator)
            and (not wanted.plan_groups or plan.group_id in wanted.plan_groups)
            and (not wanted.plans or plan.plan_id in wanted.plans)
            and (not wanted.circles or not plan.circles or not plan.circles.isdisjoint(wanted.circles))
            and (wanted.min_amount is None or plan.price >= wanted.min_amount)
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


@dataclass(slots=True)
class OfferShelf:
    """The offers that hold between two instants (UTC, `since` <= t < `until`), and the answers made of them."""

    since: datetime
    until: datetime
    offers: tuple[OfferSnapshot, ...]
    snapshot: OffersSnapshot = field(repr=False, compare=False)
    _answers: Answers = field(default_factory=Answers, repr=False, compare=False)
    _made_with: plans.Shelf | None = field(default=None, repr=False, compare=False)

    def answers_with(self, on_sale: plans.Shelf) -> Answers:
        """The answers made of these offers and of what is on sale, whose filters name plans and operators.

        They live and die with both, so none can be stale.
        """
        if self._made_with is not on_sale:
            self._answers, self._made_with = Answers(), on_sale
        return self._answers

    def published(self, offer_id: UUID) -> OfferSnapshot:
        """An offer that holds or held; one that holds no longer has status inactive.

        Raises OfferNotFound for an unknown offer, a draft, and an offer that has not begun.
        """
        offer = self.snapshot.get(offer_id)
        if offer.available_at(self.since):
            return offer
        upcoming = offer.active_from is not None and offer.active_from > self.since
        if offer.status is OfferStatus.DRAFT or upcoming:
            raise OfferNotFound
        return replace(offer, status=OfferStatus.INACTIVE)


class OffersSnapshot:
    """Every offer of one version of the offers."""

    def __init__(
        self, version: int, offers: Iterable[OfferSnapshot], types: Iterable[OfferTypeSnapshot] = ()
    ) -> None:
        self.version = version
        self.offers: Mapping[UUID, OfferSnapshot] = MappingProxyType(
            {offer.offer_id: offer for offer in offers}
        )
        self.types: Mapping[UUID, OfferTypeSnapshot] = MappingProxyType(
            {kind.offer_type_id: kind for kind in sorted(types, key=lambda kind: kind.name.casefold())}
        )
        edges = {
            edge
            for offer in self.offers.values()
            if offer.status is not OfferStatus.DRAFT
            for edge in (offer.active_from, offer.active_until)
            if edge is not None
        }
        self._edges = sorted(edges | {_FIRST})
        self._shelf: OfferShelf | None = None

    def get(self, offer_id: UUID) -> OfferSnapshot:
        """The offer of this id, whatever its status. Raises OfferNotFound."""
        try:
            return self.offers[offer_id]
        except KeyError:
            raise OfferNotFound from None

    def type_name(self, offer: OfferSnapshot) -> str:
        """The name of the offer's type; empty in the moment after the type was removed, until the next refresh."""
        kind = self.types.get(offer.offer_type_id)
        return kind.name if kind is not None else ""

    def public(self, instant: datetime) -> OfferShelf:
        """The offers that hold at `instant` (UTC)."""
        shelf = self._shelf
        if shelf is None or not shelf.since <= instant < shelf.until:
            position = bisect_right(self._edges, instant)
            self._shelf = shelf = OfferShelf(
                since=self._edges[position - 1],
                until=self._edges[position] if position < len(self._edges) else _LAST,
                offers=tuple(offer for offer in self.offers.values() if offer.available_at(instant)),
                snapshot=self,
            )
        return shelf
