"""Messages on the wire, as the staff see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.core.http.paging import PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values.instants import Day
from gencharge.core.values.money import Money
from gencharge.core.values.recipient import NotificationType, RecipientKind
from gencharge.messages.models import MessageChannel, MessageState

Kind = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_.]{0,79}$", description="The template's name.", examples=["recharged"])
]


Reason = Annotated[
    Literal["failed", "no_provider"],
    Field(description="`failed`: too often. `no_provider`: no provider is set up for the channel."),
]
STATES: Final = {"failed": MessageState.PARKED, "no_provider": MessageState.NO_PROVIDER}


class ParkedMessageQuery(PageParams):
    """Which parked messages."""

    reason: Reason = "failed"
    channel: MessageChannel | None = None
    kind: Kind | None = None


class ParkedMessageOut(Out):
    """A message that failed too often, or that no provider could take."""

    message_id: UUID
    recipient_kind: RecipientKind
    recipient_id: UUID
    address: str | None = Field(
        description="The present number or address, masked. None: there is none, a push message, or a visitor's."
    )
    reason: Reason
    channel: MessageChannel
    kind: str
    type: NotificationType
    attempts: int
    last_error: str
    created_at: datetime
    parked_at: datetime


class ResendMessages(Body):
    """Which parked messages; what is left out is any, but for the reason."""

    reason: Reason = "failed"
    channel: MessageChannel | None = None
    kind: Kind | None = None


class ResendOut(Out):
    """How many were parked when it was asked for. They are due within seconds."""

    count: int


class MessageCostQuery(BaseModel, defer_build=True):
    """Which business days (in India), both included; the last 30 without any."""

    model_config = ConfigDict(extra="forbid")

    since: Day | None = Field(default=None, alias="from", description="The first day.")
    until: Day | None = Field(default=None, alias="to", description="The last day.")

    @model_validator(mode="after")
    def _from_before_to(self) -> Self:
        if self.since is not None and self.until is not None and self.since > self.until:
            raise PydanticCustomError("range_invalid", "from must not be after to")
        return self


class MessageCostOut(Out):
    """What one business day's messages of one channel cost."""

    day: date
    channel: MessageChannel
    messages: int
    units: int = Field(description="What is billed: segments of SMS, e-mails, devices.")
    cost: Money


class MessageCosts(Out):
    """Costs by day and channel."""

    by_day: list[MessageCostOut]
    total: Money
