"""What can go wrong with webhooks that we send."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class EndpointNotFound(NotFound):
    """Endpoint not found."""


class WebhookDeliveryNotFound(NotFound):
    """Delivery not found. Deliveries are kept for 30 days."""


class EndpointDisabled(Conflict):
    """This endpoint is disabled. Enable it first."""


class EndpointUrlInvalid(Invalid):
    """Webhooks can't be sent to this address."""


class EndpointEventsInvalid(Invalid):
    """This is not a valid event type."""
