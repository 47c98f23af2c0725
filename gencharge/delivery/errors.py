"""The errors of deliveries and of operators' callbacks."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound, Unauthorized


class RechargeNotPending(Conflict):
    """This recharge is no longer pending."""


class CallbackSignatureInvalid(Unauthorized):
    """The signature does not match the body and timestamp, or is too old."""


class CallbackReferenceNotFound(NotFound):
    """No recharge with this reference was sent through this channel."""
