"""Payouts as the staff see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from gencharge.core.http.paging import BoundedParams, Page
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money
from gencharge.core.values.text import one_line
from gencharge.payouts.models import PayeeKind, PayoutStatus
from gencharge.payouts.schemas import PayeeUpdate
from gencharge.users.models import UserBrief

PayoutReason = Annotated[str, *one_line(300, 3)]


class StaffPayoutQuery(BoundedParams):
    """Which of all payouts."""

    user_id: UUID | None = None
    status: PayoutStatus | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class StaffPayoutOut(Out):
    """What was left when an account was closed, and how far it is on its way to its owner."""

    payout_id: UUID = Field(description="Also the id of the transfer in the ledger.")
    user_id: UUID
    user: UserBrief | None
    amount: Money
    status: PayoutStatus
    kind: PayeeKind | None
    destination: str | None = Field(examples=["as***@okaxis"])
    holder: str | None = Field(examples=["A*** V***"])
    gateway_payout_id: str | None = Field(examples=["pout_00000000000001"])
    utr: str | None = Field(description="The bank's reference: the proof.", examples=["AXISCN0123456789"])
    reason: str | None = Field(description="Why it needs a payee.", examples=["no_payee"])
    paid_by: UUID | None = Field(description="Who paid it by hand; null: the gateway did.")
    paid_at: datetime | None
    created_at: datetime


class SendPayout(PayeeUpdate):
    """Where a payout is to go."""

    reason: PayoutReason = Field(examples=["the owner's letter of 20 November"])


class SettlePayout(Body):
    """The proof of a payout that was made outside of the product."""

    utr: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9]{10,30}$")] = Field(
        description="The bank's reference of the transfer.", examples=["AXISCN0123456789"]
    )
    reason: PayoutReason = Field(examples=["paid by NEFT, ticket 4711"])


StaffPayoutPage = Page[StaffPayoutOut]
