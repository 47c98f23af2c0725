"""Which charts there are of an area, and how one is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field, create_model

from gencharge.analytics.areas import OPERATOR, Area
from gencharge.analytics.charts import Theme
from gencharge.analytics.revenue_schemas import RevenueDistributions, RevenueSums
from gencharge.analytics.staff_schemas import (
    ActivePlanDistributions,
    FiguresQuery,
    PeriodQuery,
    RechargeDistributions,
)
from gencharge.core.values.money import SignedMoney
from gencharge.sessions.guards import Resource

TREND: Final = "trend"
_AMOUNT: Final = "_amount"


class ChartFormat(StrEnum):
    """As what a chart comes."""

    SVG = "svg"
    PNG = "png"


@dataclass(frozen=True, slots=True, eq=False)
class Charted:
    """What can be drawn of an area."""

    name: str
    # Whose permission it takes beside that of figures; None: no other one.
    resource: Resource | None
    is_scoped: bool
    # What trends are of; the first one is shown unless another is asked for.
    measures: tuple[str, ...]
    # What distributions are by, and what each of them is of, the first one unless another is asked for.
    distributions: Mapping[str, tuple[str, ...]]

    @property
    def query(self) -> type[PeriodQuery]:
        """How it is asked for."""
        fields: dict[str, Any] = {
            "show": (
                Literal[TREND, *self.distributions],
                Field(
                    default=TREND,
                    description="`trend`: by day, of more than 62 days by month; or a distribution, of the days that are asked for.",
                ),
            ),
            "measure": (
                Literal[self.measures] | None,
                Field(
                    default=None,
                    description=f"What is shown. Default: `{self.measures[0]}`, or what the distribution is about.",
                ),
            ),
            "theme": (
                Theme,
                Field(
                    default=Theme.AUTO,
                    description="The ground. `auto`: an SVG is light or dark as the reader's system, a PNG is light.",
                ),
            ),
        }
        title = self.name.title().replace("-", "")
        base = FiguresQuery if self.is_scoped else PeriodQuery
        return create_model(
            f"{title}ChartQuery", __base__=base, __doc__="What a chart shows, of which days.", **fields
        )


def charted(area: Area) -> Charted:
    """What can be drawn of an area of the shared shape. `paid_amount` is what its fact `paid` came to."""
    facts = {fact.name: fact for fact in area.facts}

    def measures(names: Collection[str]) -> tuple[str, ...]:
        amounts = tuple(f"{name}{_AMOUNT}" for name in names if facts[name].amount is not None)
        return (*names, *amounts)

    by_operator = (OPERATOR,) if area.is_scoped else ()
    return Charted(
        name=area.name,
        resource=area.resource,
        is_scoped=area.is_scoped,
        measures=measures([area.main, *(name for name in facts if name != area.main)]),
        distributions={
            cut: measures(area.cut_facts.get(cut, (area.main,)))
            for cut in (*by_operator, *area.cuts, *area.tops)
        },
    )


def value_of(row: Any, measure: str) -> int | float:
    """What a day or a part of an answer has of a measure; amounts in rupees."""
    name, is_amount = measure.removesuffix(_AMOUNT), measure.endswith(_AMOUNT)
    value = getattr(row, name, None)
    if value is None:
        # A part of a distribution, which is about one thing.
        value = row.amount if is_amount else row.count
    elif not isinstance(value, int | SignedMoney):
        value = value.amount if is_amount else value.count
    return value.paise / 100 if isinstance(value, SignedMoney) else int(value or 0)


def is_money(measure: str, money: Collection[str]) -> bool:
    """Whether a measure is an amount."""
    return measure.endswith(_AMOUNT) or measure in money


_SUMS: Final = tuple(RevenueSums.model_fields)
# Measures of what is not of the shared shape that are amounts.
MONEY: Final = frozenset({*_SUMS, "paid"} - {"delivered", "refunds"})
TRANSACTIONS: Final = Charted(
    name="transactions",
    resource=None,
    is_scoped=True,
    measures=("delivered", "failed", "paid"),
    distributions={
        name: ("failed",) if name == "failure" else ("delivered", "paid")
        for name in RechargeDistributions.model_fields
    },
)
REVENUE: Final = Charted(
    name="revenue",
    resource=None,
    is_scoped=True,
    measures=("paid", *(name for name in _SUMS if name != "paid")),
    distributions={
        name: ("paid", *(n for n in _SUMS if n != "paid")) for name in RevenueDistributions.model_fields
    },
)
ACTIVE_PLANS: Final = Charted(
    name="current-active-plans",
    resource=None,
    is_scoped=True,
    measures=("bought", "refunded", "paid"),
    distributions=dict.fromkeys(ActivePlanDistributions.model_fields, ("active", "queued")),
)
