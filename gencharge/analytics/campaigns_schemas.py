"""What campaigns brought, as the staff see it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import Money, SignedMoney


class CampaignFiguresOut(Out):
    """What one campaign brought from its start to its end, or to the last count."""

    campaign_id: UUID
    name: str
    offer_id: UUID
    offer_name: str
    starts_at: datetime
    ends_at: datetime
    counted_at: datetime | None = Field(
        description="Null: its customers are still being chosen, or it was not counted yet."
    )
    reached: int = Field(description="Customers who were told of the offer.")
    control: int = Field(description="Customers who were left out, to compare with.")
    shown: int = Field(
        description="Quotes in which the offer lowered the price or gave cashback, on the days of the campaign."
    )
    recharged: int = Field(description="Of those who were told, how many had a recharge delivered.")
    recharged_percent: float | None = Field(description="The same, of a hundred. Null: nobody was told.")
    control_recharged_percent: float | None = Field(
        description="Of a hundred of the control group, how many had a recharge delivered. Null: there is no control group."
    )
    used: int = Field(
        description="Uses of the offer by those who were told, without those freed by a failure or refund."
    )
    cost: Money = Field(description="What these uses cost the offer's budget.")
    revenue: Money = Field(description="What those who were told paid for recharges, less refunds.")
    extra_revenue: SignedMoney | None = Field(
        description="The revenue less what the control group would have brought in their number. Null without a control group."
    )


class CampaignTotals(Out):
    """The campaigns of the answer together. A customer of two campaigns counts in both."""

    campaigns: int = Field(description="Campaigns that started on these days.")
    reached: int = Field(description="Customers who were told of an offer.")
    control: int = Field(description="Customers who were left out, to compare with.")
    shown: int = Field(
        description="Quotes in which an offer of a campaign lowered the price or gave cashback."
    )
    used: int = Field(description="Uses of the offers by those who were told.")
    cost: Money = Field(description="What these uses cost the offers' budgets.")
    revenue: Money = Field(description="What those who were told paid for recharges, less refunds.")
    extra_revenue: SignedMoney = Field(description="The sum over the campaigns that have a control group.")


class CampaignsFigures(Out):
    """What campaigns brought against their control groups. Counted each hour, for five weeks after a campaign's end."""

    counted_at: datetime | None = Field(description="When any of them was counted last. Null: none was.")
    first_day: date
    last_day: date
    totals: CampaignTotals
    campaigns: list[CampaignFiguresOut] = Field(
        description="Those that started on these days, the newest first; at most two hundred."
    )
