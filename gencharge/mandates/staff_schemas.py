"""The staff's query and answer about mandates."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from gencharge.core.http.paging import BoundedParams, Page
from gencharge.mandates.models import EndReason, MandateStatus
from gencharge.mandates.schemas import MandateOut
from gencharge.payments.models import GatewayMethod
from gencharge.users.models import UserBrief


class StaffMandateQuery(BoundedParams):
    """Which of all customers' mandates."""

    user_id: UUID | None = None
    status: MandateStatus | None = None
    end_reason: EndReason | None = None
    payment_method: GatewayMethod | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class StaffMandateOut(MandateOut):
    """A customer's mandate, as the staff see it: never with the gateway's ids of the customer and of the token."""

    user_id: UUID
    user: UserBrief | None


StaffMandatePage = Page[StaffMandateOut]
