"""Campaigns, as the staff write and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.campaigns.models import CampaignStatus
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import CircleCode, OperatorCode
from gencharge.core.values.instants import Instant
from gencharge.core.values.money import Money, PositiveMoney, SignedMoney
from gencharge.recharge.models import segment_models
from gencharge.users.models import UserType

MAX_DAYS = 3_650
Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Operators = Annotated[list[OperatorCode], Field(max_length=50)]
Circles = Annotated[list[CircleCode], Field(max_length=50)]


class Target(Body):
    """Which customers: all filters that are set must hold. Without any, every registered customer."""

    user_types: list[UserType] = Field(default=[], max_length=2)
    operators: Operators = Field(default=[], description="Of the customer's own number.", examples=[["JIO"]])
    circles: Circles = Field(default=[], description="Of the customer's own number.", examples=[["MH"]])
    registered_within_days: Days | None = Field(default=None, description="New customers.")
    recharged: bool | None = Field(default=None, description="false: who has never recharged.")
    last_recharge_within_days: Days | None = None
    last_recharge_before_days: Days | None = Field(
        default=None, description="Lapsed customers: the last recharge is at least so many days ago."
    )
    segments: list[segment_models.SegmentKey] = Field(
        default=[],
        max_length=7,
        description="Customers by recency, frequency and money, over all operators, when they are chosen, by the bounds of"
        " `GET /v1/analytics/segments`. Who never recharged is in none.",
        examples=[["at_risk", "cannot_lose"]],
    )
    spend_days: Days = Field(default=90, description="`min_spend` and `max_spend` are about so many days.")
    min_spend: Money | None = Field(default=None, description="What delivered recharges cost at least.")
    max_spend: Money | None = None

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        within, before = self.last_recharge_within_days, self.last_recharge_before_days
        if within is not None and before is not None and before > within:
            raise PydanticCustomError(
                "range_invalid", "last_recharge_before_days must not exceed last_recharge_within_days"
            )
        if self.min_spend is not None and self.max_spend is not None and self.min_spend > self.max_spend:
            raise PydanticCustomError("range_invalid", "min_spend must not exceed max_spend")
        if self.recharged is False and (
            within is not None or before is not None or self.min_spend or self.segments
        ):
            raise PydanticCustomError(
                "range_invalid", "Who has never recharged has no last recharge and no spend"
            )
        return self


class CampaignCreate(Body):
    """An offer for a target group."""

    name: str = Field(min_length=3, max_length=100, examples=["Bring back Maharashtra"])
    offer_id: UUID = Field(
        description="An active offer with a code, or with one-time codes, of which each customer gets one of their own. Its budget"
        " and its limits hold for the campaign, too."
    )
    budget: PositiveMoney | None = Field(
        default=None,
        description="What the campaign may spend at most. It counts the uses of its one-time codes, also after its end; of an offer with one code"
        " for all, every use from the start to the end. null: what the offer's own budget allows.",
    )
    target: Target
    control_percent: int = Field(
        default=10, ge=0, le=50, description="How many of a hundred are not told, to compare with."
    )
    starts_at: Instant = Field(description="The customers are chosen then. In the past: now.")
    ends_at: Instant

    @model_validator(mode="after")
    def _starts_before_it_ends(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise PydanticCustomError("range_invalid", "starts_at must be before ends_at")
        return self


class CampaignBudget(Body):
    """What a campaign may spend."""

    budget: PositiveMoney = Field(
        description="In all, with what it has spent already: not less than that.", examples=[25_000]
    )


class CampaignOut(Out):
    """A campaign."""

    located_at: ClassVar[str] = "/v1/campaigns/{campaign_id}"

    campaign_id: UUID
    name: str
    offer_id: UUID
    budget: Money | None = Field(description="Of its own; null: what the offer's allows.")
    target: Target
    control_percent: int
    starts_at: datetime
    ends_at: datetime
    status: CampaignStatus
    selected_at: datetime | None = Field(description="When the last customer was chosen.")
    created_by: UUID
    created_at: datetime


CampaignPage = Page[CampaignOut]


class CampaignQuery(BoundedParams):
    """Which campaigns."""

    offer_id: UUID | None = None


class GroupResult(Out):
    """What one group did from the campaign's start to its end, or to now."""

    customers: int
    recharged: int = Field(description="Who had a recharge delivered.")
    recharges: int
    revenue: Money = Field(description="What they paid for these, less refunds.")


class CampaignResult(Out):
    """The campaign against its control group."""

    reached: GroupResult
    control: GroupResult
    shown: int = Field(
        description="Quotes in which the offer lowered the price or gave cashback, from the day of the start to the day of the end,"
        " whoever asked. Counted twice a minute; what a process that died had not written is missing."
    )
    used: int = Field(
        description="Uses of the offer by those who were told, without those freed by a failure or refund."
    )
    cost: Money = Field(description="What these cost the offer's budget.")
    budget: Money | None = Field(description="The campaign's own budget, or else the offer's; null: none.")
    spent: Money | None = Field(
        description="What counts against the campaign's own budget, whoever used the offer; null if it has none.",
    )
    extra_revenue: SignedMoney | None = Field(
        description="The revenue of those who were told, less what the control group would have brought in their number."
        " Null without a control group."
    )
