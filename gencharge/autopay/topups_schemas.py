"""The commands, queries and answers of automatic top-ups."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator

from gencharge.autopay.models import ChargeOutcome, HeldBack, TopupPauseReason, TopupStatus
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.wording import worded
from gencharge.users.models import UserBrief
from gencharge.wallet.models import RequestSource


class AutoTopupSet(Body):
    """Fill my wallet up when it runs low."""

    threshold: PositiveMoney = Field(description="When the wallet holds less than this.", examples=[100])
    amount: PositiveMoney = Field(
        description="What is charged then: at least `threshold`, so that one charge is enough.",
        examples=[500],
    )
    monthly_max: PositiveMoney = Field(
        description="The most that is charged in a month of India's calendar; at least `amount`.",
        examples=[2000],
    )
    mandate_id: UUID = Field(description="The mandate that pays.")
    source: RequestSource = RequestSource.WEB

    @field_validator("amount")
    @classmethod
    def _enough(cls, amount: Money, info: ValidationInfo) -> Money:
        threshold = info.data.get("threshold")
        if threshold is not None and amount < threshold:
            raise ValueError(
                worded(
                    "Must be at least {threshold}, the threshold: one charge has to be enough",
                    threshold=threshold,
                )
            )
        if amount < Money.rupees(1):
            raise ValueError("Must be at least Rs 1")
        return amount

    @field_validator("monthly_max")
    @classmethod
    def _once_at_least(cls, monthly_max: Money, info: ValidationInfo) -> Money:
        amount = info.data.get("amount")
        if amount is not None and monthly_max < amount:
            raise ValueError(worded("Must be at least {amount}, the amount of one charge", amount=amount))
        return monthly_max


class AutoTopupOut(Out):
    """My automatic top-up."""

    threshold: Money
    amount: Money
    monthly_max: Money
    mandate_id: UUID
    status: TopupStatus
    pause_reason: TopupPauseReason | None
    charge_at: datetime | None = Field(
        description="When the announced charge is made, unless the wallet holds `threshold` again by then. Null: none is announced."
    )
    held_back: HeldBack | None = Field(description="The limit that keeps the next charge back.")
    tries: int = Field(
        description="How often the announced charge has failed; after the fourth time it is paused."
    )
    payment_id: UUID | None = Field(description="The payment that is under way.")
    created_at: datetime
    updated_at: datetime


class AutoTopupChargeOut(Out):
    """What became of one charge."""

    charge_id: UUID
    amount: Money
    outcome: ChargeOutcome
    reason: str | None = Field(description="The code of the refusal.")
    payment_id: UUID | None
    attempted_at: datetime


class StaffAutoTopupQuery(BoundedParams):
    """Which of all customers' automatic top-ups."""

    user_id: UUID | None = None
    status: TopupStatus | None = None
    pause_reason: TopupPauseReason | None = None
    is_announced: bool | None = Field(default=None, description="Whether a charge is announced.")
    sort: Literal["created_at", "-created_at"] = "-created_at"


class StaffAutoTopupOut(AutoTopupOut):
    """A customer's automatic top-up, as the staff see it."""

    user_id: UUID
    user: UserBrief | None


AutoTopupChargePage = Page[AutoTopupChargeOut]
StaffAutoTopupPage = Page[StaffAutoTopupOut]
