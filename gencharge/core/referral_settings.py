"""The settings of referral rewards."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

_PLACE: Final = "{code}"


class Referrals(BaseModel, defer_build=True):
    """Referral rewards"""

    referral_reward_rupees: int = Field(
        default=50,
        ge=0,
        le=10_000,
        description="What a customer gets for each new customer whom they referred, in rupees. 0: nothing.",
    )
    referral_friend_reward_rupees: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="What a new customer who was referred gets, in rupees. 0: nothing.",
    )
    referral_minimum_recharge_rupees: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="The first recharge of the new customer counts if it costs at least so many rupees. 0: any recharge.",
    )
    referral_rewards_per_month: int = Field(
        default=20,
        ge=0,
        description="Rewards that one customer may earn in a calendar month in India; more are held for the staff. 0: any number.",
    )
    referral_rewards_total: int = Field(
        default=200,
        ge=0,
        description="Rewards that one customer may earn altogether; more are held for the staff. 0: any number.",
    )
    referral_per_address_per_day: int = Field(
        default=5,
        ge=0,
        description="Referred customers who may register from one address within 24 hours; more are held for the staff. "
        "0: any number.",
    )
    referral_link: str = Field(
        default="",
        description="Where a share link leads, with `{code}` in it. Empty: no link, only the code.",
        examples=["https://gencharge.example/join?code={code}"],
    )

    @field_validator("referral_link")
    @classmethod
    def _has_a_place_for_the_code(cls, link: str) -> str:
        parts = urlsplit(link)
        if link and (parts.scheme not in {"http", "https"} or not parts.netloc or link.count(_PLACE) != 1):
            raise ValueError(f"must be a web address with {_PLACE} in it once, or empty")
        return link
