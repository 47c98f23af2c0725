"""Referral rewards, as customers see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gencharge.core.http.paging import Page
from gencharge.core.http.web import Out
from gencharge.core.values.money import Money
from gencharge.referrals.models import RewardSide, RewardStatus, WaitReason


class ReferralFigures(Out):
    """My rewards by what became of them."""

    friends: int = Field(description="How many registered with my code.")
    pending: int = Field(description="Rewards that wait for the friend's first recharge.")
    under_review: int = Field(description="Rewards that are held while we look at them.")
    earned: int = Field(description="Rewards that are about to be paid.")
    paid: int
    reversed: int
    paid_amount: Money = Field(description="What the paid rewards add up to.")
    coming_amount: Money = Field(description="What the pending, held and earned ones add up to.")
    owed: Money = Field(
        description="What was paid for recharges that were refunded and had been spent. It comes off later rewards."
    )


class ReferralOut(Out):
    """My code, what it brings, and what it has brought."""

    code: str = Field(examples=["7KMQ2XWD"])
    link: str | None = Field(description="A link to share; null if there is none.")
    referrer_reward: Money = Field(description="What I get for a friend who registers with my code now.")
    friend_reward: Money = Field(description="What the friend gets.")
    minimum_recharge: Money = Field(description="What the friend's first recharge has to cost at least.")
    figures: ReferralFigures


class RewardOut(Out):
    """One of my rewards."""

    reward_id: UUID
    side: RewardSide = Field(
        description="`referrer`: for a friend of mine; `friend`: for using somebody's code."
    )
    friend: str | None = Field(
        description="The friend's number, masked; null if it is my own reward for a code, or the friend's account is erased."
    )
    amount: Money
    status: RewardStatus = Field(description="`held`: we are looking at it.")
    waits_for: WaitReason | None = Field(
        description="Why an earned reward is not paid yet. `wallet_limit`: it is paid when the wallet has room for it."
    )
    netted: Money = Field(description="What of it settled earlier rewards that were taken back.")
    taken_back: Money = Field(description="What a reversal took out of the wallet.")
    created_at: Annotated[datetime, Field(description="When the friend registered.")]
    earned_at: datetime | None
    paid_at: datetime | None
    ended_at: datetime | None = Field(description="When it was reversed or cancelled.")


RewardPage = Page[RewardOut]
