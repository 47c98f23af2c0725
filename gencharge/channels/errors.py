"""What can go wrong with channels."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, Invalid, NotFound


class ChannelNotFound(NotFound):
    """Channel not found."""


class ChannelAlreadyExists(Conflict):
    """A channel with this code already exists."""


class ChannelInUse(Conflict):
    """Recharges have been sent through this channel. Set it to inactive instead."""


class ChannelUrlInvalid(Invalid):
    """Recharges can't be sent to this address."""


class ChannelAddressNotPending(Conflict):
    """No address of this channel waits for approval. One that was entered more than seven days ago has to be entered again."""


class ChannelAddressChanged(Conflict):
    """Another address waits for approval by now. Read the channel again, and approve the address that you have checked."""


class ChannelSecondAdminRequired(Forbidden):
    """Another admin must approve an address that you entered. You can reject it."""


class ChannelCommissionInvalid(Invalid):
    """Another commission takes a second admin: change it in a request of its own."""


class ChannelAmountsInvalid(Invalid):
    """The minimum amount is higher than the maximum amount."""
