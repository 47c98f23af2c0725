"""Endpoints and deliveries on the wire, as the staff see and change them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, WithJsonSchema

from gencharge.core.http.changes import left_out
from gencharge.core.http.history import Period
from gencharge.core.http.paging import BoundedParams
from gencharge.core.http.web import Body, Out, Versioned
from gencharge.core.values.codes import Choice, OperatorCode
from gencharge.core.values.person_name import Email
from gencharge.webhooks.messages import PATTERNS
from gencharge.webhooks.models import WebhookDeliveryStatus

Url = Annotated[str, StringConstraints(min_length=8, max_length=500)]
Patterns = Annotated[
    list[
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=40),
            # The service says which ones there are; generators make an enum of them.
            WithJsonSchema({"type": "string", "enum": list(PATTERNS)}),
        ]
    ],
    Field(min_length=1, max_length=20),
]
Operators = Annotated[list[OperatorCode], Field(max_length=20)]
_EVENTS = "Types of messages: `payment.captured`; of a family: `recharge.*`; all: `*`."
_CONTACT = "Whom we tell when the endpoint is disabled because it fails, and when it is back."
_OPERATORS = "Only what concerns these operators; empty: all. Top-ups concern none."


class WebhookEndpointCreate(Body):
    """A new endpoint."""

    url: Url = Field(description="https, public.", examples=["https://partner.example/gencharge"])
    description: str = Field(default="", max_length=200, examples=["Partner's order system"])
    contact_email: Email | None = Field(default=None, description=_CONTACT, examples=["ops@partner.example"])
    events: Patterns = Field(description=_EVENTS, examples=[["recharge.*", "payment.captured"]])
    operators: Operators = Field(default_factory=list, description=_OPERATORS, examples=[["JIO"]])


class WebhookEndpointUpdate(Body):
    """What is to change; what is left out stays."""

    url: Url = Field(default_factory=left_out, examples=["https://partner.example/gencharge"])
    description: str = Field(default_factory=left_out, max_length=200, examples=["Partner's order system"])
    contact_email: Email | None = Field(
        default_factory=left_out, description=_CONTACT, examples=["ops@partner.example"]
    )
    events: Patterns = Field(default_factory=left_out, description=_EVENTS, examples=[["recharge.*"]])
    operators: Operators = Field(default_factory=left_out, description=_OPERATORS, examples=[["JIO"]])
    is_active: bool = Field(
        default_factory=left_out,
        description="Enabling resets its failures and sends what is pending.",
    )


class WebhookEndpointOut(Versioned):
    """An endpoint."""

    endpoint_id: UUID
    url: str
    description: str
    contact_email: str | None
    events: list[str]
    operators: list[str]
    is_active: bool
    failures: int = Field(
        description="Failures in a row. While there are any, the endpoint gets one message at a time; after a day of nothing else it is disabled, "
        "gets one message each half hour, and comes back by itself with its first success."
    )
    disabled_at: datetime | None
    disabled_reason: str | None = Field(description="`by_admin`, `failures` or `gone` (it answered 410).")
    previous_secret_until: datetime | None = Field(
        description="After a rotation, the previous secret signs, too, until then."
    )
    created_at: datetime
    updated_at: datetime


class WebhookEndpointWithSecret(WebhookEndpointOut):
    """An endpoint and its secret, which is not shown again."""

    located_at: ClassVar[str] = "/v1/webhooks/endpoints/{endpoint_id}"

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class WebhookDeliveryOut(Out):
    """A message for an endpoint."""

    delivery_id: UUID = Field(description="The `webhook-id`, the same at each attempt.")
    endpoint_id: UUID
    event_id: UUID
    type: str
    status: WebhookDeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    completed_at: datetime | None


class WebhookAttemptOut(Out):
    """One attempt."""

    attempt: int
    url: str
    started_at: datetime
    duration_ms: int
    response_status: int | None
    response: str = Field(description="The first 1,000 bytes of the answer.")
    error: str = Field(
        description="Why there was no answer: `timeout`, `address_refused`, `name_not_found`, ..."
    )


class WebhookDeliveryDetail(WebhookDeliveryOut):
    """A message, what it says, and its attempts."""

    body: str
    log: list[WebhookAttemptOut]


class WebhookDeliveryQuery(BoundedParams, Period):
    """Which messages."""

    endpoint_id: UUID | None = None
    status: WebhookDeliveryStatus | None = None
    type: Annotated[str, Choice("webhook_type")] | None = Field(
        default=None, max_length=40, examples=["recharge.delivered"]
    )
    sort: Literal["created_at", "-created_at"] = "-created_at"
