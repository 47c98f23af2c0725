"""What can go wrong with bills."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, TooManyRequests, Unavailable


class BillNotFound(NotFound):
    """Bill not found."""


class BillOperatorRequired(Invalid):
    """We don't know the operator of this number. State it."""


class NumberIsPrepaid(Conflict):
    """This number is prepaid, so it has no bill. Recharge it with a plan."""


class NoBillDue(Conflict):
    """Nothing is due on this number right now."""


class NumberNotOfOperator(Conflict):
    """This operator has no such postpaid number. State another operator."""


class BillOperatorUnavailable(Unavailable):
    """The operator is not answering about bills right now. Nothing was charged."""

    retry_after_seconds = 30


class BillChanged(Conflict):
    """This bill has changed since you saw it. Nothing was charged. Look at it again and use a new Idempotency-Key."""


class BillExpired(Conflict):
    """This bill was fetched too long ago, or the operator no longer asks for it. Fetch it again. Nothing was charged."""


class BillAlreadyPaid(Conflict):
    """This bill is paid already. Nothing was charged."""


class BillAmountInvalid(Invalid):
    """The operator does not take this amount for the bill."""


class BillCustomersExceeded(TooManyRequests):
    """The bill of this number was asked for from as many accounts as it can be in 24 hours. Ask from the account of the number."""


class BillLookupsExceeded(TooManyRequests):
    """You have asked for the bills of as many different numbers as one account can in 24 hours."""
