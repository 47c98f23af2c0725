"""The queue of a number's plans on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money
from gencharge.core.values.phone import MobileNumber

_REPLACES = Field(
    default=None,
    description="The `recharge_id` of the plan that runs now and is to end. null: nothing runs. If it is another one, nothing is"
    " changed, and 409 `running_plan_ends` says what runs.",
)
RechargeIds = Annotated[
    list[UUID],
    Field(
        min_length=1,
        max_length=100,
        description="The queued plans in the order in which they are to start, each once and none left out.",
    ),
]


class StartPlan(Body):
    """Start a queued plan now."""

    replaced_recharge_id: UUID | None = _REPLACES


class OrderQueue(Body):
    """Another order of a number's queued plans."""

    phone_number: MobileNumber
    recharge_ids: RechargeIds


class StaffStartPlan(StartPlan):
    """Start a customer's queued plan now."""

    reason: str = Field(min_length=3, max_length=300, examples=["the customer called"])


class StaffOrderQueue(OrderQueue):
    """Another order of a number's queued plans, by the staff."""

    reason: str = Field(min_length=3, max_length=300, examples=["the customer called"])


class QueueQuery(BaseModel, defer_build=True):
    """Which number's queue."""

    phone_number: MobileNumber


class QueuedPlanOut(Out):
    """A plan that waits for its turn."""

    recharge_id: UUID
    plan_id: UUID
    plan_name: str
    operator: str
    starts_at: datetime | None = Field(
        description="When it starts if nothing changes. null if a plan before it is not yours to see."
    )
    ends_at: datetime | None


class QueueOut(Out):
    """What waits on a number, in the order in which it starts."""

    phone_number: str
    plans: list[QueuedPlanOut]


class CancelledPlanOut(Out):
    """A queued plan that was given back."""

    recharge_id: UUID
    refund_id: UUID
    amount: Money = Field(description="What went into the wallet.")
    cancelled_at: datetime
