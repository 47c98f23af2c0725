"""Schemas of approvals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.approvals.models import ApprovalStatus
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values.codes import Choice


class ApprovalOut(Out):
    """A request that takes a second admin, and the decision."""

    approval_id: UUID
    act: str = Field(description="What kind of act it is.", examples=["refund_payment"])
    target: str = Field(
        description="What it is about.", examples=["payment:0198c0de-0000-7000-8000-000000000000"]
    )
    summary: str = Field(
        description="What is done if it is approved.",
        examples=["Refund Rs 750.00 of a payment to its source."],
    )
    reason: str
    operator: str | None = Field(description="null: it concerns not one operator.")
    status: ApprovalStatus
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime = Field(description="A second admin can decide until then.")
    decided_by: UUID | None = Field(description="null if nobody has decided, or it expired.")
    decided_at: datetime | None
    decision_note: str | None


ApprovalPage = Page[ApprovalOut]


class ApprovalQuery(PageParams):
    """Which requests."""

    status: ApprovalStatus | None = None
    act: Annotated[str, Choice("act")] | None = Field(default=None, max_length=60)
    requested_by: UUID | None = None


class ApprovalDecision(Body):
    """Why you decide so."""

    note: Annotated[str, StringConstraints(min_length=3, max_length=500)] = Field(
        examples=["Checked against the gateway's dashboard"]
    )
