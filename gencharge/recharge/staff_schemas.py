"""The staff's queries, commands and answers about recharges."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from gencharge.core.http.history import BoundedHistoryParams, Period
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.values.phone import MobileNumber
from gencharge.plans.models import PlanCategory
from gencharge.recharge.schemas import BoughtPlanOut, PlanSort, RechargeFilters, RechargeOut
from gencharge.users.models import UserBrief


class RefundDestination(StrEnum):
    """Where a refund goes."""

    WALLET = "wallet"  # at once
    SOURCE = "source"  # on to where the gateway's payment came from


class RefundRecharge(Body):
    """Take a delivered recharge back."""

    amount: PositiveMoney | None = Field(default=None, description="null: all that is left of it.")
    destination: RefundDestination = RefundDestination.WALLET
    reason: str = Field(min_length=3, max_length=300, examples=["wrong number, operator agreed"])


class RechargeRefundOut(Out):
    """A refund of a recharge."""

    refund_id: UUID
    recharge_id: UUID
    amount: Money
    destination: RefundDestination
    reason: str
    created_at: datetime


class StaffRechargeQuery(BoundedHistoryParams, RechargeFilters):
    """Which recharges of all customers. `from` and `to` are when."""

    user_id: UUID | None = Field(default=None, description="Who paid.")


class StaffRechargeOut(RechargeOut):
    """A recharge of a customer's, as the staff see it."""

    user_id: UUID
    user: UserBrief | None


class StaffBoughtPlanQuery(BoundedParams, Period):
    """Which of the plans that run on any number, or wait for their turn. `from` and `to` bound the time in which a plan runs."""

    status: Literal["active", "queued"] = "active"
    phone_number: MobileNumber | None = None
    user_id: UUID | None = Field(default=None, description="Who paid.")
    plan_id: UUID | None = Field(default=None, description="Plans bought as this one of the catalogue.")
    operator: OperatorCode | None = None
    plan_type: Literal["prepaid", "postpaid"] | None = None
    category: PlanCategory | None = None
    expires_within_days: int | None = Field(default=None, ge=0, le=366, description="Those that end by then.")
    sort: PlanSort = "-created_at"

    @model_validator(mode="after")
    def _queued_plans_have_no_end(self) -> Self:
        if self.status != "queued":
            return self
        if self.by_end or self.expires_within_days is not None:
            raise ValueError(
                "Queued plans have no end date yet: leave out expires_within_days and sort by created_at"
            )
        if self.since is not None or self.until is not None:
            raise ValueError("Queued plans have no dates yet: leave out from and to")
        return self

    @property
    def by_end(self) -> bool:
        """Whether the order is that of the plans' ends."""
        return self.sort.endswith("valid_until")


class StaffBoughtPlanOut(BoughtPlanOut):
    """A plan of a number, and who paid for it."""

    user_id: UUID
    user: UserBrief | None


class RechargeOverview(Out):
    """A customer's last recharges, and the plans that run or wait on the numbers that they paid for."""

    last_recharges: list[StaffRechargeOut]
    current_plans: list[BoughtPlanOut]


StaffRechargePage = Page[StaffRechargeOut]
StaffBoughtPlanPage = Page[StaffBoughtPlanOut]
