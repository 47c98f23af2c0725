"""The commands, queries and answers of a customer's mandates."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from pydantic import Field, field_validator

from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.core.wording import worded
from gencharge.mandates.models import EndReason, MandateStatus
from gencharge.payments.models import GatewayMethod
from gencharge.wallet.models import RequestSource

# RBI: above this amount each charge needs a further factor of its own.
HIGHEST: Final = Money.rupees(15_000)


class MandateCreate(Body):
    """Allow charges without a checkout."""

    payment_method: GatewayMethod
    max_amount: PositiveMoney = Field(
        description="The most that one charge may be; at most 15,000.00.", examples=[1000]
    )
    valid_months: int = Field(default=60, ge=1, le=120, description="How many months it holds.")
    source: RequestSource = RequestSource.WEB

    @field_validator("max_amount")
    @classmethod
    def _within_the_limit(cls, amount: Money) -> Money:
        if amount > HIGHEST:
            raise ValueError(worded("Must be at most {amount}", amount=HIGHEST))
        return amount


class MandateOut(Out):
    """What I allow to be charged."""

    mandate_id: UUID
    payment_method: GatewayMethod
    status: MandateStatus
    end_reason: EndReason | None
    max_amount: Money = Field(description="The most that one charge may be.")
    expires_at: datetime
    payment_id: UUID = Field(description="The payment of one rupee that registers it.")
    created_at: datetime
    updated_at: datetime


class MandateCreated(MandateOut):
    """A mandate that has yet to be approved, on `checkout_url` or in the gateway's own checkout."""

    located_at: ClassVar[str] = "/v1/mandates/{mandate_id}"

    amount: Money = Field(description="What approving it costs; it goes into the wallet.")
    currency: str
    gateway: str
    order_id: str
    key_id: str = Field(description="The gateway's public key, for its checkout.")
    checkout_url: str | None


class MandateQuery(PageParams):
    """Which of my mandates."""

    status: MandateStatus | None = None


MandatePage = Page[MandateOut]
