"""What can go wrong with channels."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound


class ChannelNotFound(NotFound):
    """There is no such channel."""


class ChannelExists(Conflict):
    """There is a channel of this code already."""


class ChannelInUse(Conflict):
    """Recharges went over this channel; set it inactive instead."""


class ChannelOperatorUnknown(Invalid):
    """There is no such operator."""


class ChannelAmountsWrong(Invalid):
    """The smallest amount is above the largest one."""
