"""The catalogue that a process holds in memory: every plan, and the plans on sale at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from gencharge.core.http.cached import ResponseCache
from gencharge.core.rooms.timeline import ACTIVE, Scheduled, Timeline, is_upcoming
from gencharge.operators.models import Maintenance
from gencharge.plans.errors import PlanNotFound
from gencharge.plans.models import PlanSnapshot, PlanStatus


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """A plan group."""

    group_id: UUID
    name: str
    description: str
    sort_order: int


@dataclass(frozen=True, slots=True)
class _Announced:
    """The time for which a maintenance window is shown: from when it was set until it ends."""

    status: str
    active_from: datetime | None
    active_until: datetime | None


@dataclass(frozen=True, slots=True, eq=False)
class PlansOnSale:
    """The plans on sale between two instants (UTC, `since` <= t < `until`), and the responses made from them."""

    since: datetime
    until: datetime
    plans: tuple[PlanSnapshot, ...]
    catalogue: CatalogueSnapshot = field(repr=False)
    # By operator: the windows that have not ended, running or to come.
    maintenance: Mapping[str, Maintenance] = field(default_factory=dict, repr=False)
    # Dropped together with the plans, so no response can be stale.
    responses: ResponseCache = field(default_factory=ResponseCache, repr=False)

    def published(self, plan_id: UUID) -> PlanSnapshot:
        """A plan that is or was on sale; the status of a plan that is no longer on sale is inactive.

        Raises PlanNotFound for an unknown plan, a draft, and a plan whose sale has not begun.
        """
        plan = self.catalogue.get(plan_id)
        if plan.available_at(self.since):
            return plan
        scheduled = plan.status is PlanStatus.ACTIVE and is_upcoming(plan, self.since)
        if plan.status is PlanStatus.DRAFT or scheduled:
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
        maintenance: Mapping[str, Maintenance] = MappingProxyType({}),
    ) -> None:
        self.version = version
        self._maintenance = maintenance
        # The codes that a filter may name, even if no plan has them.
        self.operators = tuple(operators)
        self.circles = tuple(circles)
        self.plans: Mapping[UUID, PlanSnapshot] = MappingProxyType({plan.plan_id: plan for plan in plans})
        self.groups = tuple(sorted(groups, key=lambda group: (group.sort_order, group.name)))
        # What is made for a period names the windows of the period, so the end of a window ends it, too.
        windows = (_Announced(ACTIVE, None, window.ends_at) for window in maintenance.values())
        items: tuple[Scheduled, ...] = (*self.plans.values(), *windows)
        self._timeline = Timeline(items, self._on_sale_between)

    def get(self, plan_id: UUID) -> PlanSnapshot:
        """The plan of this id, on sale or not. Raises PlanNotFound."""
        try:
            return self.plans[plan_id]
        except KeyError:
            raise PlanNotFound from None

    def on_sale(self, instant: datetime) -> PlansOnSale:
        """The plans on sale at `instant` (UTC)."""
        return self._timeline.at(instant)

    def _on_sale_between(self, since: datetime, until: datetime) -> PlansOnSale:
        plans = tuple(plan for plan in self.plans.values() if plan.available_at(since))
        windows = {code: window for code, window in self._maintenance.items() if since < window.ends_at}
        return PlansOnSale(since, until, plans, self, windows)
