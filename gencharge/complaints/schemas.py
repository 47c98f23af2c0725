"""Complaints on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from gencharge.complaints.models import ComplaintReason, ComplaintStatus
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney


class Complain(Body):
    """Complain about a recharge of mine."""

    recharge_id: UUID
    reason: ComplaintReason = Field(examples=["not_delivered"])


class ComplaintOut(Out):
    """A complaint of mine."""

    located_at: ClassVar[str] = "/v1/complaints/{complaint_id}"

    complaint_id: UUID
    recharge_id: UUID
    reason: ComplaintReason
    status: ComplaintStatus
    due_at: datetime = Field(description="Until then it has to be settled.")
    created_at: datetime
    resolved_at: datetime | None
    resolution: str | None = Field(description="How it ended, in words.")


class ComplaintQuery(PageParams):
    """Which of all complaints."""

    status: ComplaintStatus = Field(default=ComplaintStatus.OPEN, description="Where the complaint stands.")


class StaffComplaintOut(Out):
    """A complaint as the staff see it."""

    user_id: UUID
    complaint_id: UUID
    recharge_id: UUID
    operator: str
    reason: ComplaintReason
    status: ComplaintStatus
    due_at: datetime
    is_overdue: bool
    compensation_owed: Money = Field(
        description="What the customer is owed by now if they are right: Rs 100 for each day after the day after the recharge, for"
        " complaints about money."
    )
    assignee_id: UUID | None
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: UUID | None
    resolution: str | None
    adjustment_id: UUID | None = Field(
        description="The adjustment that pays the compensation, once a second admin approves it."
    )


class AssignComplaint(Body):
    """Who is to work on a complaint."""

    assignee_id: UUID | None = Field(description="null: nobody any more.")


class ResolveComplaint(Body):
    """Settle a complaint. The customer reads the note."""

    outcome: Literal["upheld", "rejected"]
    note: str = Field(min_length=3, max_length=300, examples=["The operator has activated the plan today."])
    compensation: PositiveMoney | None = Field(
        default=None,
        description="What is paid into the wallet once a second admin approves it. Only if it is upheld.",
    )

    @model_validator(mode="after")
    def _compensation_of_the_upheld(self) -> Self:
        if self.compensation is not None and self.outcome != "upheld":
            raise ValueError("compensation is only for a complaint that is upheld")
        return self


ComplaintPage = Page[ComplaintOut]
StaffComplaintPage = Page[StaffComplaintOut]
