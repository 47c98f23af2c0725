"""Channels on the wire, for the staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from gencharge.core.http.changes import left_out
from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.codes import OperatorCode
from gencharge.core.values.money import Money, PositiveMoney, SignedMoney
from gencharge.core.values.text import one_line

ChannelCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{2,40}$")]
PauseReason = Annotated[str, *one_line(300, 3)]
ChannelName = Annotated[str, *one_line(80, 2)]
# Only an address that two admins agreed on is called, and never a redirect of it.
ChannelUrl = Annotated[str, StringConstraints(max_length=300, pattern=r"^https?://[^\s@?#]+$")]
_URL = "https, public. Nothing is sent there before a second admin has approved it."


class ChannelCreate(Body):
    """A new channel of an operator."""

    code: ChannelCode = Field(description="It can't be changed later.", examples=["jio-direct"])
    operator: OperatorCode = Field(examples=["JIO"])
    name: ChannelName = Field(examples=["Jio direct"])
    url: ChannelUrl = Field(description=_URL, examples=["https://recharge.jio.example/operators/jio-direct"])
    priority: int = Field(default=10, ge=0, le=1000, description="Lower ones are tried first.")
    weight: int = Field(
        default=100, ge=1, le=1000, description="Divides the recharges among channels of one priority."
    )
    min_amount: PositiveMoney = PositiveMoney(100)
    max_amount: PositiveMoney = PositiveMoney(10_000_000)
    commission_basis_points: int = Field(
        default=0, ge=0, lt=10_000, description="Our share of what a customer pays: 300 is 3 %."
    )
    is_active: bool = True


class ChannelUpdate(Body):
    """The fields to change; fields left out keep their values."""

    name: ChannelName = Field(default_factory=left_out, examples=["Jio direct"])
    url: ChannelUrl = Field(
        default_factory=left_out,
        description=_URL,
        examples=["https://recharge.jio.example/operators/jio-direct"],
    )
    priority: int = Field(default_factory=left_out, ge=0, le=1000, examples=[10])
    weight: int = Field(default_factory=left_out, ge=1, le=1000, examples=[100])
    min_amount: PositiveMoney = Field(default_factory=left_out)
    max_amount: PositiveMoney = Field(default_factory=left_out)
    commission_basis_points: int = Field(default_factory=left_out, ge=0, lt=10_000, examples=[300])
    low_float: Money = Field(
        default_factory=left_out, description="The staff are told if our balance is below it. 0: never."
    )
    is_active: bool = Field(default_factory=left_out, description="false: it is paused.")
    pause_reason: PauseReason = Field(
        default_factory=left_out,
        description="Why it is paused. Only with `is_active: false`; it goes when the channel is active again.",
        examples=["maintenance until 06:00, ticket 4711"],
    )

    @model_validator(mode="after")
    def _reason_of_a_pause(self) -> Self:
        if "pause_reason" in self.model_fields_set and (
            "is_active" not in self.model_fields_set or self.is_active
        ):
            raise ValueError("pause_reason is only for is_active: false")
        return self


class ChannelFloatOut(Out):
    """Our balance at a channel, as its operator said. The channels are asked every five minutes."""

    amount: SignedMoney | None = Field(description="null: there was no usable answer yet.")
    answered_at: datetime | None
    asked_at: datetime
    failure: str | None = Field(description="Why the last question has no usable answer.")
    low_since: datetime | None = Field(description="Since when it is below `low_float`.")


class ChannelBreakerOut(Out):
    """A channel that failed too often in a row: it gets no recharges but a probe after each pause."""

    opened_at: datetime = Field(description="Since when, in the process that was first.")
    probe_at: datetime = Field(
        description="When the next probe may go out; in the past: with the next recharge."
    )
    failures: int = Field(description="In a row, in the process that saw most.")
    processes: int = Field(description="How many processes send it nothing.")


class ChannelHealthOut(Out):
    """How a channel does: the submissions of the last hour, up to 2,000, whether it is suspended, and our balance."""

    channel: str
    operator: str
    is_active: bool
    pause_reason: str | None
    submissions: int
    delivered: int
    refused: int
    not_sent: int = Field(description="It could not be reached.")
    without_outcome: int = Field(description="Under way, or its end is not known.")
    success_percent: float | None = Field(description="Delivered, of those that ended. null: none did.")
    median_seconds: float | None = Field(description="From a submission to the proof of its delivery.")
    slow_seconds: float | None = Field(description="The same, which 95 of 100 did not exceed.")
    breaker: ChannelBreakerOut | None = Field(description="null: it is not suspended.")
    low_float: Money
    balance: ChannelFloatOut | None = Field(description="null: it was not asked yet.")


class ChannelAddressApproval(Body):
    """The approval of an address."""

    url: ChannelUrl = Field(
        description="The address that was checked; refused if another one waits for approval by now.",
        examples=["https://recharge.jio.example/operators/jio-direct"],
    )


class ChannelSecretsOut(Out):
    """A channel's new secrets, which are not shown again."""

    channel: str
    requests_key: str = Field(description="The operator checks our requests with it.")
    callbacks_key: str = Field(description="The operator signs its callbacks with it.")
    previous_until: datetime = Field(description="Until then the secrets before count, too.")


class ChannelQuery(PageParams):
    """The filters of the list of channels."""

    operator: OperatorCode | None = Field(default=None, examples=["JIO"])


class ChannelOut(Versioned):
    """A channel."""

    code: str
    operator: str
    name: str
    url: str | None = Field(description="Null until a second admin has approved one.")
    pending_url: str | None = Field(description="The address that waits for approval.")
    pending_by: UUID | None = Field(description="The admin who entered it.")
    pending_at: datetime | None
    priority: int
    weight: int
    min_amount: Money
    max_amount: Money
    commission_basis_points: int
    low_float: Money
    is_active: bool
    pause_reason: str | None = Field(description="Why it is paused.")
    created_at: datetime
    updated_at: datetime
