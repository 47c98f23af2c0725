"""The operators and circles that a process holds in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from gencharge.core.errors import field_problem
from gencharge.core.http.cached import ResponseCache
from gencharge.core.wording import worded
from gencharge.operators.errors import CircleInvalid, OperatorInvalid, OperatorNotFound
from gencharge.operators.models import ChannelKind, Maintenance, OperatorStatus


@dataclass(frozen=True, slots=True)
class OperatorSnapshot:
    """An operator: whether recharges go through now, and over which channel."""

    code: str
    name: str
    display_name: str
    status: OperatorStatus
    channel: ChannelKind
    is_active: bool
    sort_order: int
    maintenance: Maintenance | None = None

    def is_down(self, instant: datetime) -> bool:
        """Whether no recharge is accepted: it is marked down, or it works on its systems."""
        return self.status is OperatorStatus.DOWN or (
            self.maintenance is not None and self.maintenance.is_running(instant)
        )


@dataclass(frozen=True, slots=True)
class CircleSnapshot:
    """A telecom circle."""

    code: str
    name: str
    category: str


class OperatorsSnapshot:
    """Operators and circles of one version of the catalogue."""

    def __init__(
        self, version: int, operators: Iterable[OperatorSnapshot], circles: Iterable[CircleSnapshot]
    ) -> None:
        self.version = version
        self.operators: Mapping[str, OperatorSnapshot] = MappingProxyType(
            {operator.code: operator for operator in operators}
        )
        self.circles: Mapping[str, CircleSnapshot] = MappingProxyType(
            {circle.code: circle for circle in circles}
        )
        self.responses = ResponseCache(max_entries=8)

    @property
    def served(self) -> tuple[OperatorSnapshot, ...]:
        """The operators whose numbers can be recharged at all, in the order to show them."""
        return tuple(operator for operator in self.operators.values() if operator.is_active)

    @property
    def names(self) -> Mapping[str, str]:
        """The names that customers know the operators by, by code."""
        return {operator.code: operator.display_name for operator in self.operators.values()}

    def get(self, code: str) -> OperatorSnapshot:
        """The operator of this code, active or not. Raises OperatorNotFound."""
        try:
            return self.operators[code]
        except KeyError:
            raise OperatorNotFound from None

    def check(self, operator: str, circle: str | None) -> tuple[str, str | None]:
        """The two codes, in capitals. Raises OperatorInvalid, CircleInvalid with those that there are."""
        served = [candidate.code for candidate in self.served]
        if operator.upper() not in served:
            problem = field_problem(
                "body.operator", worded("Must be one of: {choices}", choices=list(served)), "operator_invalid"
            )
            raise OperatorInvalid(errors=[problem])
        return operator.upper(), self.check_circle(circle)

    def check_circle(self, circle: str | None) -> str | None:
        """The code, in capitals. Raises CircleInvalid with those that there are."""
        if circle is not None and circle.upper() not in self.circles:
            problem = field_problem(
                "body.circle",
                worded("Must be one of: {choices}", choices=list(self.circles)),
                "circle_invalid",
            )
            raise CircleInvalid(errors=[problem])
        return circle.upper() if circle is not None else None
