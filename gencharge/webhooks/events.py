"""What happens to the endpoints of integrators. No event names a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointCreated(Event):
    """An admin added an endpoint."""

    endpoint_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointUpdated(Event):
    """An admin changed an endpoint, switched it off, or on again."""

    endpoint_id: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointDeleted(Event):
    """An admin removed an endpoint. `discarded`: how many messages will not be sent any more."""

    endpoint_id: str
    discarded: int
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecretRotated(Event):
    """An admin gave an endpoint a new secret; the one before signs, too, until an instant (RFC 3339)."""

    endpoint_id: str
    previous_valid_until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTested(Event):
    """An admin had a test event sent to an endpoint."""

    endpoint_id: str
    delivery_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRedelivered(Event):
    """An admin had a message sent again."""

    delivery_id: str
    endpoint_id: str
    type: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointDisabled(Event):
    """An endpoint was disabled because it is gone (`gone`), or has done nothing but fail for a day (`failures`)."""

    endpoint_id: str
    reason: str
    failures: int
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointRecovered(Event):
    """An endpoint that had failed for a day answered again and was enabled; what waits is being sent."""

    endpoint_id: str
    url: str
    failed_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMessagesOverdue(Event):
    """The oldest message of an endpoint has waited for too long."""

    endpoint_id: str
    url: str
    minutes: int
