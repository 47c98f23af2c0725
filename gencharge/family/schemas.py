"""The answer of the family board."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import Money


class BoardPlan(Out):
    """A base plan that is active on a number, or waits behind the active one."""

    recharge_id: UUID
    plan_id: UUID
    plan_name: str
    valid_until: datetime | None
    days_left: int | None = Field(description="Whole days; null for a plan that is queued.")


class BoardAutopay(Out):
    """The next run of the autopays for a number."""

    autopay_id: UUID
    plan_name: str
    next_due_at: datetime
    amount: Money = Field(description="What it costs, as of the last look.")


class BoardBill(Out):
    """A postpaid bill that is to be paid, as it was when it was last fetched."""

    bill_id: UUID
    amount: Money
    due_on: date = Field(description="The last day to pay, in India.")
    is_overdue: bool
    fetched_at: datetime


class FamilyNumber(Out):
    """A number, and what is on it."""

    phone_number: str
    nickname: str | None = Field(description="Null for my own number.")
    is_own: bool
    number_id: UUID | None = Field(description="Of a saved number.")
    operator: str | None
    circle: str | None
    plan: BoardPlan | None = Field(
        description="The active base plan: on my own number whoever bought it, on others if I did."
    )
    queued_plan: BoardPlan | None = Field(description="The first one that waits behind it.")
    bill: BoardBill | None = Field(
        description="What I fetched with `POST /v1/bills/fetch` and is to be paid."
    )
    autopay: BoardAutopay | None = Field(description="Null also while it is paused.")


class FamilyBoard(Out):
    """My own number first, then those that I saved, the newest first."""

    numbers: list[FamilyNumber]
