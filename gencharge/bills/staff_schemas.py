"""Bills as the staff see them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from gencharge.bills.models import BillStatus
from gencharge.bills.schemas import BillOut
from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.phone import MobileNumber
from gencharge.users.models import UserBrief


class StaffBillQuery(BoundedParams):
    """Which of all customers' bills."""

    user_id: UUID | None = Field(default=None, description="Who fetched it.")
    phone_number: MobileNumber | None = None
    operator: OperatorCode | None = None
    status: BillStatus | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class StaffBillOut(BillOut):
    """A bill that a customer fetched, as the staff see it."""

    user_id: UUID
    user: UserBrief | None


StaffBillPage = Page[StaffBillOut]
