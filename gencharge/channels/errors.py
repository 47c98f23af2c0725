"""What can go wrong with channels."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class ChannelNotFound(NotFound):
    """Channel not found."""


class ChannelAlreadyExists(Conflict):
    """A channel with this code already exists."""


class ChannelInUse(Conflict):
    """Recharges have been sent through this channel. Set it to inactive instead."""


class ChannelAmountsInvalid(Invalid):
    """The minimum amount is higher than the maximum amount."""
