"""The catalogue that a process holds in memory: every plan, and what is on the shelf at an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID

from gencharge.core.http.cached import Answers
from gencharge.core.values.money import Money
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.models import Category, Plan, PlanStatus, PlanType, ValidityUnit

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
# A calendar month counts as this many days where validities are compared; a recharge counts the real month.
DAYS_PER_MONTH: Final = 30


@dataclass(frozen=True, slots=True)
class PlanSnapshot:
    """A plan's terms at one version. Instants are UTC, the price is what the customer pays."""

    plan_id: UUID
    version: int
    name: str
    description: str
    operator: str
    circles: frozenset[str]
    plan_type: PlanType
    category: Category
    price: Money
    validity_count: int | None
    validity_unit: ValidityUnit
    benefits: Mapping[str, Any] = field(hash=False)
    is_addon: bool
    most_popular: bool
    group_id: UUID
    group: str
    criteria: str
    status: PlanStatus
    active_from: datetime | None
    active_until: datetime | None

    @classmethod
    def of(cls, plan: Plan, group: str, *, served: bool = True) -> Self:
        """A row of the table, and its group's name. Nothing is on sale of an operator that is not `served`."""
        status = PlanStatus(plan.status)
        return cls(
            plan_id=plan.plan_id,
            version=plan.version,
            name=plan.name,
            description=plan.description,
            operator=plan.operator,
            circles=frozenset(plan.circles),
            plan_type=PlanType(plan.plan_type),
            category=Category(plan.category),
            price=Money(plan.price_paise),
            validity_count=plan.validity_count,
            validity_unit=ValidityUnit(plan.validity_unit),
            benefits=plan.benefits,
            is_addon=plan.is_addon,
            most_popular=plan.most_popular,
            group_id=plan.group_id,
            group=group,
            criteria=plan.criteria,
            status=PlanStatus.INACTIVE if status is PlanStatus.ACTIVE and not served else status,
            active_from=plan.active_from,
            active_until=plan.active_until,
        )

    def available_at(self, instant: datetime) -> bool:
        """True if the plan is on sale at `instant` (UTC): active, and within its window."""
        return (
            self.status is PlanStatus.ACTIVE
            and (self.active_from is None or self.active_from <= instant)
            and (self.active_until is None or instant < self.active_until)
        )

    def sold_in(self, circle: str | None) -> bool:
        """True if the plan is sold in `circle`; an unknown circle (None) excludes nothing."""
        return not self.circles or circle is None or circle in self.circles

    @property
    def validity_days(self) -> int | None:
        """Validity in days for comparing plans, a month being 30; None if it ends with the base plan."""
        if self.validity_count is None:
            return None
        return self.validity_count * (DAYS_PER_MONTH if self.validity_unit is ValidityUnit.MONTH else 1)

    def terms(self) -> dict[str, Any]:
        """The terms as JSON types: what is kept of a sale, and in `plan_versions`. Price in paise."""
        return {
            "plan_id": str(self.plan_id),
            "version": self.version,
            "name": self.name,
            "description": self.description,
            "operator": self.operator,
            "circles": sorted(self.circles),
            "plan_type": self.plan_type.value,
            "category": self.category.value,
            "price_paise": self.price.paise,
            "validity_count": self.validity_count,
            "validity_unit": self.validity_unit.value,
            "benefits": dict(self.benefits),
            "is_addon": self.is_addon,
            "group_id": str(self.group_id),
            "group": self.group,
            "criteria": self.criteria,
        }


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """A plan group."""

    group_id: UUID
    name: str
    description: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is on sale between two instants (UTC, `since` <= t < `until`), and the answers made of it."""

    since: datetime
    until: datetime
    plans: tuple[PlanSnapshot, ...]
    # They live and die with the shelf, so none can be stale.
    answers: Answers = field(default_factory=Answers, repr=False, compare=False)
    catalogue: CatalogueSnapshot = field(repr=False, compare=False, kw_only=True)

    def published(self, plan_id: UUID) -> PlanSnapshot:
        """A plan that is or was on sale; one that is off sale now has status inactive.

        Raises PlanNotFound for an unknown plan, a draft, and a plan whose sale has not begun.
        """
        plan = self.catalogue.get(plan_id)
        if plan.available_at(self.since):
            return plan
        upcoming = plan.active_from is not None and plan.active_from > self.since
        if plan.status is PlanStatus.DRAFT or (plan.status is PlanStatus.ACTIVE and upcoming):
            raise PlanNotFound
        return replace(plan, status=PlanStatus.INACTIVE)


class CatalogueSnapshot:
    """Every plan of one version of the catalogue."""

    def __init__(
        self,
        version: int,
        plans: Iterable[PlanSnapshot],
        groups: Iterable[GroupSnapshot] = (),
        *,
        operators: Iterable[str] = (),
        circles: Iterable[str] = (),
    ) -> None:
        self.version = version
        # The codes that a filter may name, whether or not there are plans for them.
        self.operators = tuple(operators)
        self.circles = tuple(circles)
        self.plans: Mapping[UUID, PlanSnapshot] = MappingProxyType({plan.plan_id: plan for plan in plans})
        self.groups = tuple(sorted(groups, key=lambda group: (group.sort_order, group.name)))
        edges = {
            edge
            for plan in self.plans.values()
            if plan.status is PlanStatus.ACTIVE
            for edge in (plan.active_from, plan.active_until)
            if edge is not None
        }
        self._edges = sorted(edges | {_FIRST})
        self._shelf: Shelf | None = None

    def get(self, plan_id: UUID) -> PlanSnapshot:
        """The plan of this id, on sale or not. Raises PlanNotFound."""
        try:
            return self.plans[plan_id]
        except KeyError:
            raise PlanNotFound from None

    def public(self, instant: datetime) -> Shelf:
        """What is on sale at `instant` (UTC)."""
        shelf = self._shelf
        if shelf is None or not shelf.since <= instant < shelf.until:
            position = bisect_right(self._edges, instant)
            self._shelf = shelf = Shelf(
                since=self._edges[position - 1],
                until=self._edges[position] if position < len(self._edges) else _LAST,
                plans=tuple(plan for plan in self.plans.values() if plan.available_at(instant)),
                catalogue=self,
            )
        return shelf
