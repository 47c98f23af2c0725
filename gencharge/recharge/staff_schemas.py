"""What goes over the wire where the staff act on a recharge."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney


class Destination(StrEnum):
    """Where a refund goes."""

    WALLET = "wallet"  # at once
    SOURCE = "source"  # on to where the gateway's payment came from


class RefundRecharge(Body):
    """Take a delivered recharge back."""

    amount: PositiveMoney | None = Field(default=None, description="null: all that is left of it.")
    destination: Destination = Destination.WALLET
    reason: str = Field(min_length=3, max_length=300, examples=["wrong number, operator agreed"])


class RechargeRefundOut(Out):
    """A refund of a recharge."""

    refund_id: UUID
    recharge_id: UUID
    amount: Money
    destination: Destination
    reason: str
    created_at: datetime


class Resolution(StrEnum):
    """How a recharge ended, by other evidence than the operator's answer."""

    DELIVERED = "delivered"
    FAILED = "failed"  # the money goes back to the wallet


class ResolveRecharge(Body):
    """End a recharge that is under way."""

    outcome: Resolution
    operator_reference: str | None = Field(default=None, max_length=80)
    reason: str = Field(min_length=3, max_length=300, examples=["seen in the operator's portal"])
