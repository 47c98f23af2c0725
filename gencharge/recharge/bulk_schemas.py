"""Refunds of many recharges on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money


class RechargeKey(Body):
    """A customer's recharge."""

    user_id: UUID
    recharge_id: UUID


class RefundRecharges(Body):
    """Refund what is left of many recharges to the wallets."""

    recharges: Annotated[list[RechargeKey], Field(min_length=1, max_length=50, description="Each once.")]
    reason: str = Field(min_length=3, max_length=300, examples=["outage of 22 November"])
    is_dry_run: bool = Field(
        default=True,
        description="True: only say what would be done. Nothing is changed and no key is used up.",
    )


class BulkOutcome(StrEnum):
    """What became of one recharge of many, or would."""

    WOULD_REFUND = "would_refund"
    WOULD_NEED_APPROVAL = "would_need_approval"
    REFUNDED = "refunded"
    NEEDS_APPROVAL = "needs_approval"  # requested; a second admin decides
    REFUSED = "refused"


class BulkRefundOut(Out):
    """One recharge of many."""

    user_id: UUID
    recharge_id: UUID
    outcome: BulkOutcome
    amount: Money | None = Field(description="What goes back. null if it is refused.")
    refusal_code: str | None = Field(description="The error's code if it is refused.")


class BulkRefundsOut(Out):
    """What was done, or would be."""

    is_dry_run: bool
    total: Money = Field(description="What goes back without a second admin.")
    recharges: list[BulkRefundOut]
