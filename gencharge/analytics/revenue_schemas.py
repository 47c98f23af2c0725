"""Revenue on the wire. Amounts are in rupees, days are those of India."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import SignedMoney


class RevenueSums(Out):
    """What recharges brought and cost. Deliveries and refunds count on the day on which they happened, so a sum may be negative."""

    delivered: int = Field(description="Recharges that the operator delivered.", examples=[120])
    refunds: int = Field(description="Refunds of delivered recharges, in part or in full.", examples=[2])
    price: SignedMoney = Field(
        description="The prices of delivered recharges: what the operators get.", examples=[35_880.0]
    )
    discount: SignedMoney = Field(description="What offers took off these prices.", examples=[1_200.0])
    paid: SignedMoney = Field(
        description="What customers paid for delivered recharges: their prices less their discounts.",
        examples=[34_680.0],
    )
    refunded: SignedMoney = Field(
        description="What went back to customers for delivered recharges.", examples=[299.0]
    )
    revenue: SignedMoney = Field(description="`paid` less `refunded`.", examples=[34_381.0])
    cashback: SignedMoney = Field(
        description="Cashback that reached wallets, less what was taken back with refunds.", examples=[300.0]
    )
    commission: SignedMoney = Field(
        description="Our commission from the operators, less what went back with refunds.", examples=[1_076.4]
    )
    offer_cost: SignedMoney = Field(
        description="What offers cost us: `discount` and `cashback`, less the discount that came back with refunds.",
        examples=[1_500.0],
    )
    net: SignedMoney = Field(
        description="`commission` less `offer_cost`: what is left for us. The gateway's fees are not taken off.",
        examples=[-423.6],
    )


class RevenueWithFees(RevenueSums):
    """The same with the fees of the gateway."""

    gateway_fees: SignedMoney | None = Field(
        description="What the gateway charged, according to its reconciled statements of these days. Null: none of them has a statement"
        " yet, or the figures are of some operators only, to whom fees do not belong. No part of the ledger.",
        examples=[612.0],
    )


class RevenueDay(RevenueWithFees):
    """A day of the trend."""

    day: date = Field(examples=["2026-11-22"])


class RevenueMonth(RevenueWithFees):
    """A month of the trend. The present one is not over."""

    month: str = Field(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])


class RevenuePeriods(Out):
    """The usual periods. All but today end with yesterday."""

    today: RevenueWithFees
    yesterday: RevenueWithFees
    last_7_days: RevenueWithFees
    last_30_days: RevenueWithFees
    last_3_months: RevenueWithFees
    last_6_months: RevenueWithFees
    last_12_months: RevenueWithFees


class RevenuePart(RevenueSums):
    """A part of a distribution. The parts of each distribution add up to the totals, to the paisa."""

    key: str = Field(examples=["JIO"])
    name: str | None = Field(default=None, description="Of a plan.")
    percent: float | None = Field(
        description="Of what customers paid in the whole distribution. Null: nobody paid anything.",
        examples=[48.2],
    )


class RevenueDistributions(Out):
    """Revenue by properties, what was paid most for first."""

    operator: list[RevenuePart]
    channel: list[RevenuePart] = Field(
        description="The channel that delivered; `internal`: the operator's own system."
    )
    plan: list[RevenuePart] = Field(
        description="The hundred largest; `other`: all others together. Bills have no plan and are left out."
    )
    circle: list[RevenuePart] = Field(
        description="Of the number, as known at the sale; `unknown`: it was not."
    )
    payment_method: list[RevenuePart]
    source: list[RevenuePart] = Field(description="Where the customer recharged: `web`, `app` or `api`.")


class RevenueGrowth(Out):
    """What customers paid against the period before, in percent; null if that had nothing."""

    week_over_week_percent: float | None = Field(
        description="The last seven days up to yesterday, against the seven before."
    )
    month_over_month_percent: float | None = Field(
        description="The last thirty days up to yesterday, against the thirty before."
    )


class RevenueFigures(Out):
    """Figures of revenue. `totals`, `distributions` and `daily` are of the days that were asked for."""

    counted_at: datetime
    first_day: date = Field(examples=["2026-10-24"])
    last_day: date = Field(examples=["2026-11-22"])
    totals: RevenueWithFees
    periods: RevenuePeriods
    daily: list[RevenueDay]
    monthly: list[RevenueMonth] = Field(description="The last twelve months and the present one.")
    growth: RevenueGrowth
    distributions: RevenueDistributions
