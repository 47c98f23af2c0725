"""The staff's queries, commands and answers about autopays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from gencharge.autopay.models import (
    AutopayKind,
    AutopayPaymentMethod,
    AutopayStatus,
    AutopayTag,
    PauseReason,
    RunOutcome,
)
from gencharge.autopay.schemas import AutopayOut
from gencharge.core.http.history import Period
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.money import Money
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import UserBrief


class StaffAutopayQuery(BoundedParams, Period):
    """Which of all customers' autopays. `from` and `to` are when they are due next."""

    user_id: UUID | None = None
    phone_number: MobileNumber | None = Field(default=None, description="The number that is recharged.")
    status: AutopayStatus | None = None
    pause_reason: PauseReason | None = None
    kind: AutopayKind | None = None
    tag: AutopayTag | None = None
    payment_method: AutopayPaymentMethod | None = None
    operator: OperatorCode | None = None
    plan_id: UUID | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class StaffAutopayOut(AutopayOut):
    """A customer's autopay, as the staff see it."""

    user_id: UUID
    user: UserBrief | None


class DueDay(Out):
    """What is due on a day in India."""

    day: date
    count: int
    total: Money = Field(description="What the plans cost together.")


class DueCalendar(Out):
    """What is due in the days ahead. Days on which nothing is due are left out."""

    overdue: int = Field(
        description="Active autopays whose due date has passed: retries, and what the workers have not reached."
    )
    days: list[DueDay]


class ProcessDue(Body):
    """Run what is due now."""

    limit: int = Field(default=100, ge=1, le=200, description="How many at most.")


class RunOut(Out):
    """The result for one autopay."""

    user_id: UUID
    autopay_id: UUID
    due_at: datetime
    outcome: RunOutcome
    reason: str | None = Field(description="The code of the refusal, or why it was paused.")
    amount: Money
    recharge_id: UUID | None
    late_seconds: int


class LateOut(Out):
    """What was looked at more than an hour after it was to be."""

    count: int
    longest_seconds: int = Field(description="How late the latest was.")
    total: Money = Field(description="What was paid by those that succeeded.")
    outcomes: dict[RunOutcome, int]


class ProcessedOut(Out):
    """The result for each autopay that was looked at."""

    items: list[RunOut]
    late: LateOut = Field(description="The late ones among them: no worker has looked at them in time.")
    is_more: bool = Field(description="More may be due: ask again.")


StaffAutopayPage = Page[StaffAutopayOut]
