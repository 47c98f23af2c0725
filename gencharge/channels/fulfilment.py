"""A pending recharge as the dispatcher sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gencharge.channels.answers import Submission
from gencharge.channels.models import FulfilmentState


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed fulfilment, as it was when it was claimed. The amount is in paise."""

    user_id: UUID
    recharge_id: UUID
    phone_number: str
    operator: str
    plan_id: UUID | None
    amount: int
    state: FulfilmentState
    channel: str | None
    reference: str | None
    created_at: datetime
    traceparent: str | None = None
    bill_reference: str | None = None

    def submission(self, reference: str) -> Submission:
        """The submission to send, under this reference."""
        plan = None if self.plan_id is None else str(self.plan_id)
        return Submission(reference, self.operator, self.phone_number, plan, self.amount, self.bill_reference)
