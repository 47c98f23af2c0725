"""What can go wrong with mandates."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound


class MandateNotFound(NotFound):
    """Mandate not found."""


class MandateLimitExceeded(Conflict):
    """You have as many mandates as one account can have. Revoke one first."""


class MandateNotActive(Conflict):
    """This mandate can't be charged: it is not approved yet, or has ended."""


class MandateAmountExceeded(Conflict):
    """This amount is more than one charge of the mandate may be."""
