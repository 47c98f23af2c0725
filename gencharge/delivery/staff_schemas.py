"""The staff's command that ends a pending recharge."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from gencharge.core.http.web import Body


class RechargeOutcome(StrEnum):
    """How a recharge ended, on other evidence than the operator's answer."""

    DELIVERED = "delivered"
    FAILED = "failed"  # the money goes back to the wallet


class ResolveRecharge(Body):
    """End a pending recharge."""

    outcome: RechargeOutcome
    operator_reference: str | None = Field(default=None, max_length=80)
    reason: str = Field(min_length=3, max_length=300, examples=["seen in the operator's portal"])
