"""What can go wrong with payouts."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, TooManyRequests, Unavailable


class PayeeNotFound(NotFound):
    """You have not said where money is to be paid out."""


class PayeeInvalid(Invalid):
    """The bank does not know this UPI id or account. Check it, and the IFSC."""


class PayeeNotVerified(Conflict):
    """The bank has not answered yet. Try again in a minute."""


class PayeeChecksExceeded(TooManyRequests):
    """The bank was asked as often as it can be in 24 hours."""


class PayoutNotFound(NotFound):
    """Payout not found."""


class PayoutNotAllowed(Conflict):
    """This payout is on its way, or was paid: only one that needs a payee can be sent or settled by hand."""


class PayoutsUnavailable(Unavailable):
    """The gateway can't be reached, or takes no payouts. Nothing was changed."""
