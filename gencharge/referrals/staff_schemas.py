"""Referral rewards, as the staff see them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from gencharge.core.http.history import BoundedHistoryParams
from gencharge.core.http.paging import Page
from gencharge.core.http.web import Body
from gencharge.referrals.models import HoldReason, RewardSide, RewardStatus
from gencharge.referrals.schemas import RewardOut
from gencharge.users.models import UserBrief


class RewardQuery(BoundedHistoryParams):
    """Which rewards. `from` and `to` limit when the new customer registered."""

    user_id: UUID | None = Field(default=None, description="Who gets the reward.")
    friend_id: UUID | None = Field(default=None, description="The new customer.")
    status: RewardStatus | None = None
    side: RewardSide | None = None
    reason: HoldReason | None = Field(default=None, description="Held for this reason, now or before.")
    sort: Literal["created_at", "-created_at"] = "-created_at"


class StaffRewardOut(RewardOut):
    """A reward, with whom it is about and why it was held."""

    user_id: UUID
    user: UserBrief | None
    friend_id: UUID
    friend_user: UserBrief | None
    referrer_id: UUID
    recharge_id: UUID | None = Field(description="The new customer's recharge that it was earned by.")
    hold_reasons: list[HoldReason] = Field(description="Why it was held, also if it was released.")


StaffRewardPage = Page[StaffRewardOut]


class RewardDecision(Body):
    """Why a reward is held or released."""

    reason: str = Field(min_length=3, max_length=500, examples=["Two accounts of one family, ticket 4711"])
