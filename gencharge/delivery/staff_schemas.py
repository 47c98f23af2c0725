"""The staff's command that ends a pending recharge."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Body, Out


class RechargeOutcome(StrEnum):
    """How a recharge ended, on other evidence than the operator's answer."""

    DELIVERED = "delivered"
    FAILED = "failed"  # the money goes back to the wallet


class ResolveRecharge(Body):
    """End a pending recharge."""

    outcome: RechargeOutcome
    operator_reference: str | None = Field(default=None, max_length=80)
    reason: str = Field(min_length=3, max_length=300, examples=["seen in the operator's portal"])


class ResolutionRequestedOut(Out):
    """A recharge that will be ended as failed once another admin asks for the same, before `expires_at`."""

    user_id: UUID
    recharge_id: UUID
    outcome: RechargeOutcome
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime
