"""A recharge's timeline, as its customer reads it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.recharge.models import RechargeStatus


class Step(StrEnum):
    """What happened to a recharge."""

    ORDERED = "ordered"
    PAID = "paid"  # the gateway has the money; not for what the wallet pays, which is paid at once
    SENT = "sent"  # to the operator
    DELIVERED = "delivered"
    STARTED = "started"  # a plan that had waited for its turn
    FAILED = "failed"  # the money is back, or was never taken
    REFUNDED = "refunded"  # by the staff, in part or in full
    CANCELLED = "cancelled"  # before the plan started; the money is in the wallet
    COMPLAINED = "complained"
    COMPLAINT_SETTLED = "complaint_settled"  # upheld or rejected


class WaitsFor(StrEnum):
    """Whom an unfinished recharge waits for."""

    PAYMENT = "payment"
    OPERATOR = "operator"


class TimelineStep(Out):
    """One thing that happened."""

    step: Step
    at: datetime
    text: str = Field(description="For people.", examples=["We sent it to JIO."])


class TimelineOut(Out):
    """What happened to a recharge so far, the oldest first."""

    recharge_id: UUID
    status: RechargeStatus
    steps: list[TimelineStep]
    waits_for: WaitsFor | None = Field(description="null: it has ended.")
