"""What can go wrong with devices."""

from __future__ import annotations

from gencharge.core.errors import Invalid, NotFound


class DeviceNotFound(NotFound):
    """Device not found."""


class PushEndpointInvalid(Invalid):
    """Push messages can't be sent to this address."""


class WebPushKeyNotFound(NotFound):
    """Key not found. Messages to browsers are not set up here."""
