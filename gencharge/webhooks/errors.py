"""What can go wrong with webhooks that we send."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class EndpointNotFound(NotFound):
    """There is no such endpoint."""


class DeliveryNotFound(NotFound):
    """There is no such delivery; they are kept for 30 days."""


class EndpointDisabled(Conflict):
    """This endpoint is disabled; enable it first."""


class EndpointUrlRefused(Invalid):
    """Webhooks are not sent to this address."""


class EndpointEventsUnknown(Invalid):
    """There is no event of this type."""


class EndpointOperatorUnknown(Invalid):
    """There is no such operator."""
