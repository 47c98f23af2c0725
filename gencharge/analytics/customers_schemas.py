"""Cohorts, segments and the forecast on the wire. Amounts are in rupees, days and months are those of India."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from gencharge.core.http.web import Out
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.money import SignedMoney
from gencharge.recharge.models import segment_models

_COUNTED_AT: Final = Field(description="They are counted each night. Null: not yet.")
_MEANINGS: Final = " ".join(f"`{segment.key}`: {segment.means}" for segment in segment_models.SEGMENTS)


class OperatorQuery(BaseModel, defer_build=True):
    """Whose."""

    model_config = ConfigDict(extra="forbid")

    operator: OperatorCode | None = Field(default=None, description="Only this operator.", examples=["JIO"])


class CohortMonth(Out):
    """What a cohort did in a month."""

    months_after: int = Field(description="0: the month of their first recharge.", examples=[3])
    customers: int = Field(description="Those of them who recharged in that month.", examples=[610])
    percent: float = Field(description="Of the cohort.", examples=[61.0])
    recharges: int = Field(description="Their delivered recharges of that month.", examples=[655])
    paid: SignedMoney = Field(
        description="What they paid for these. Refunds are not taken off.", examples=[195_845.0]
    )


class Cohort(Out):
    """The customers whose first delivered recharge was in a month. With `operator`, or for an admin of one: their first one there."""

    month: str = Field(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-08"])
    customers: int = Field(description="How many they are.", examples=[1_000])
    months: list[CohortMonth] = Field(
        description="Each month from the first one to the present one, which is not over. A recharge counts in the month of its sale."
    )


class CohortFigures(Out):
    """Retention: how many customers of each month come back. An admin of several operators sees the cohorts of these added up."""

    counted_at: datetime | None = _COUNTED_AT
    cohorts: list[Cohort] = Field(description="The last 24 months that have any, the earliest first.")


class SegmentPart(Out):
    """A segment of customers."""

    key: str = Field(description=_MEANINGS, examples=["champions"])
    customers: int = Field(description="Customers who are in the segment now.", examples=[1_200])
    percent: float = Field(description="Of all customers who ever recharged.", examples=[12.0])
    recharges: int = Field(description="Their delivered recharges of the last 365 days.", examples=[15_000])
    paid: SignedMoney = Field(
        description="What they paid for these. Refunds are not taken off.", examples=[4_485_000.0]
    )


class SegmentFigures(Out):
    """Customers by recency, frequency and money. Who never had a recharge delivered is in none. An admin of several operators sees those of
    these added up: who recharges at two of them counts twice."""

    counted_at: datetime | None = _COUNTED_AT
    customers: int = Field(description="All who ever had a recharge delivered.", examples=[10_000])
    segments: list[SegmentPart]


class ForecastDay(Out):
    """A day on which plans end."""

    day: date = Field(examples=["2026-11-23"])
    ending: int = Field(description="Base plans that run now and end on this day.", examples=[420])
    expected_renewals: int | None = Field(
        description="How many of these will be renewed if customers do as they did: each operator's plans by its own rate. Null: there is no"
        " rate for some of them.",
        examples=[310],
    )


class ForecastPart(Out):
    """Base plans that end within thirty days, of a property."""

    key: str = Field(examples=["MH"])
    name: str | None = Field(default=None, description="Of a plan.")
    ending: int = Field(description="Base plans that end within thirty days.", examples=[1_260])
    expected_renewals: int | None = Field(description="As by the day.", examples=[930])


class RenewalRate(Out):
    """How many plans of an operator were renewed."""

    operator: str = Field(examples=["JIO"])
    ended: int = Field(
        description="Base plans whose validity ended 7 to 37 days ago, replaced and refunded ones left out.",
        examples=[4_000],
    )
    renewed: int = Field(
        description="Those of them after which the number's next base plan at the same operator started within 7 days.",
        examples=[2_950],
    )
    percent: float = Field(description="Of a hundred that ended, how many were renewed.", examples=[73.75])


class ForecastFigures(Out):
    """Plans that end in the next thirty days, today included, and how many renewals to expect."""

    counted_at: datetime | None = Field(
        description="When plans were counted: every five minutes; rates each night. Null: not yet."
    )
    days: list[ForecastDay] = Field(description="Today first.")
    operator: list[ForecastPart]
    circle: list[ForecastPart] = Field(
        description="Of the number, as known at the sale; `unknown`: it was not."
    )
    plan: list[ForecastPart] = Field(description="The hundred of which most end.")
    rates: list[RenewalRate]
