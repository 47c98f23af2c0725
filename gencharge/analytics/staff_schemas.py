"""Figures, as the staff see them. Each field says what it counts; amounts are in rupees, days are those of India."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.analytics.periods import MAX_DAYS, Period
from gencharge.core.http.web import Out
from gencharge.core.values import clock
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.instants import Day
from gencharge.core.values.money import SignedMoney
from gencharge.core.wording import worded

_DEFAULT_DAYS: Final = 30


class PeriodQuery(BaseModel, defer_build=True):
    """Which days."""

    model_config = ConfigDict(extra="forbid")

    first_day: Day | None = Field(
        default=None,
        alias="from",
        description="The first day, in India. Default: 29 days before the last one.",
        examples=["2026-10-24"],
    )
    last_day: Day | None = Field(
        default=None,
        alias="to",
        description="The last day, included. Default: today.",
        examples=["2026-11-22"],
    )

    def days(self) -> Period:
        """The days that are asked for."""
        last = self.last_day or clock.now().astimezone(clock.IST).date()
        return Period(self.first_day or last - timedelta(days=_DEFAULT_DAYS - 1), last)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.days().days < 1:
            raise PydanticCustomError("range_invalid", "from must not be after to")
        if self.days().days > MAX_DAYS:
            reason = worded("At most {days} days at once", days=MAX_DAYS)
            raise PydanticCustomError("range_invalid", "{reason}", {"reason": reason})
        return self


class FiguresQuery(PeriodQuery):
    """Which days, and whose."""

    operator: OperatorCode | None = Field(default=None, description="Only this operator.", examples=["JIO"])


class RechargeTotals(Out):
    """What became of recharges. Each fact counts on the day on which it happened."""

    sold: int = Field(description="Recharges that were agreed, whatever became of them.")
    delivered: int = Field(description="Recharges that the operator delivered.")
    failed: int = Field(description="Recharges that were not paid or not delivered.")
    refunds: int = Field(description="Refunds of delivered recharges, in part or in full.")
    success_percent: float | None = Field(
        description="Of those that were delivered or failed, how many were delivered. Null: none was."
    )
    price: SignedMoney = Field(description="The prices of delivered recharges: what the operators get.")
    discount: SignedMoney = Field(description="What offers took off these prices.")
    paid: SignedMoney = Field(
        description="What customers paid for delivered recharges: `price` less `discount`."
    )
    refunded: SignedMoney = Field(description="What went back to customers for delivered recharges.")
    cashback: SignedMoney = Field(
        description="Cashback that reached wallets, less what was taken back with refunds."
    )
    commission: SignedMoney = Field(
        description="Our commission from the operators, less what went back with refunds."
    )
    offer_cost: SignedMoney = Field(
        description="What offers cost us: discounts and cashback, less what came back with refunds."
    )
    net: SignedMoney = Field(description="`commission` less `offer_cost`.")


class RechargeCount(Out):
    """A short form: delivered recharges, and what customers paid for them."""

    delivered: int = Field(description="Recharges that the operator delivered.")
    failed: int = Field(description="Recharges that were not paid or not delivered.")
    paid: SignedMoney = Field(
        description="What the delivered ones cost the customers: the price less the discount."
    )


class RechargePeriods(Out):
    """The usual periods. All but today end with yesterday."""

    today: RechargeCount
    yesterday: RechargeCount
    last_7_days: RechargeCount
    last_30_days: RechargeCount
    last_3_months: RechargeCount
    last_6_months: RechargeCount
    last_12_months: RechargeCount


class RechargeDay(RechargeCount):
    """A day of the trend."""

    day: date


class RechargeMonth(RechargeCount):
    """A month of the trend. The present one is not over."""

    month: str = Field(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])


class Slice(Out):
    """A part of a distribution: by number of delivered recharges, the largest first."""

    key: str = Field(examples=["upi"])
    name: str | None = Field(default=None, description="Of a plan or an offer.")
    count: int = Field(description="Delivered recharges; of `failure`, failed ones.", examples=[120])
    percent: float = Field(description="Of all in the distribution.", examples=[48.2])
    paid: SignedMoney = Field(
        description="What they cost the customers: the price less the discount; of `failure`, 0."
    )


class RechargeDistributions(Out):
    """Delivered recharges by their properties; `failure` is failed recharges by reason."""

    operator: list[Slice]
    circle: list[Slice] = Field(description="Of the number, as known at the sale; `unknown`: it was not.")
    plan_type: list[Slice]
    category: list[Slice]
    payment_method: list[Slice]
    source: list[Slice]
    channel: list[Slice] = Field(description="`internal`: delivered in the operator's own system.")
    hour: list[Slice] = Field(description="The hour of the day in India, `00` to `23`.")
    wait: list[Slice] = Field(
        description="Recharges over an operator's API: delivered within less than so many seconds; `more`: longer."
    )
    failure: list[Slice]


class RechargeGrowth(Out):
    """Delivered recharges against the period before, in percent; null if that had none."""

    week_over_week_percent: float | None = Field(
        description="The last seven days up to yesterday, against the seven before."
    )
    month_over_month_percent: float | None = Field(
        description="The last thirty days up to yesterday, against the thirty before."
    )


class RechargeTop(Out):
    """The ten with most delivered recharges."""

    plans: list[Slice]
    offers: list[Slice]
    circles: list[Slice]


class TransactionFigures(Out):
    """Figures of recharges. `totals`, `distributions`, `daily` and `top` are of the days that were asked for."""

    counted_at: datetime
    first_day: date
    last_day: date
    totals: RechargeTotals
    periods: RechargePeriods
    daily: list[RechargeDay]
    monthly: list[RechargeMonth] = Field(description="The last twelve months and the present one.")
    growth: RechargeGrowth
    distributions: RechargeDistributions
    top: RechargeTop


class PlanSlice(Out):
    """A part of the plans that run or wait."""

    key: str = Field(examples=["MH"])
    name: str | None = Field(default=None, description="Of a plan.")
    active: int = Field(description="Plans of this part that run now, add-ons included.")
    queued: int = Field(description="Plans of this part that wait for the one before them to end.")
    percent: float = Field(description="Of all active plans.", examples=[12.5])


class EndingDay(Out):
    """How many active plans end on a day in India: how many customers may recharge again."""

    day: date
    plans: int = Field(description="Active plans whose validity ends on this day.")


class ActivePlanTotals(Out):
    """All together."""

    active: int = Field(description="Plans that run now, add-ons included.")
    queued: int = Field(description="Plans that wait for the one before them to end.")


class ActivePlanDistributions(Out):
    """Plans that run or wait, by their properties, the largest first."""

    operator: list[PlanSlice]
    circle: list[PlanSlice] = Field(description="Of the number, as known at the sale; `unknown`: it was not.")
    plan_type: list[PlanSlice]
    category: list[PlanSlice]
    kind: list[PlanSlice] = Field(description="`base` or `addon`.")


class PlansBought(Out):
    """What was added to the plans that run or wait, and taken away again. Each fact counts on the day on which it happened."""

    bought: int = Field(
        description="Plans that the operator delivered, vouchers included; payments of bills are not among them."
    )
    refunded: int = Field(description="Plans that were refunded in full after they had been delivered.")
    paid: SignedMoney = Field(description="What customers paid for those that were bought.")


class PlansBoughtDay(PlansBought):
    """A day of the trend."""

    day: date


class PlansBoughtMonth(PlansBought):
    """A month of the trend."""

    month: str = Field(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])


class PlansBoughtPeriods(Out):
    """The usual periods. All but today end with yesterday."""

    today: PlansBought
    yesterday: PlansBought
    last_7_days: PlansBought
    last_30_days: PlansBought
    last_3_months: PlansBought
    last_6_months: PlansBought
    last_12_months: PlansBought


class PlansBoughtGrowth(Out):
    """Plans that were bought against the period before, in percent; null if that had none."""

    week_over_week_percent: float | None = Field(
        description="The last seven days up to yesterday, against the seven before."
    )
    month_over_month_percent: float | None = Field(
        description="The last thirty days up to yesterday, against the thirty before."
    )


class ActivePlanFigures(Out):
    """The plans that run or wait now, which are counted every five minutes, and how many were bought."""

    counted_at: datetime | None = Field(description="Null: they were not counted yet.")
    totals: ActivePlanTotals
    distributions: ActivePlanDistributions
    ending: list[EndingDay] = Field(description="The next thirty days, today first.")
    top_plans: list[PlanSlice] = Field(description="The ten that run most.")
    first_day: date
    last_day: date
    bought: PlansBought = Field(description="Of the days that were asked for.")
    periods: PlansBoughtPeriods
    daily: list[PlansBoughtDay] = Field(description="The days that were asked for.")
    monthly: list[PlansBoughtMonth] = Field(description="The last twelve months and the present one.")
    growth: PlansBoughtGrowth
