"""The errors of deliveries and of operators' callbacks."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Forbidden, NotFound, Unauthorized


class RechargeNotPending(Conflict):
    """This recharge is no longer pending."""


class SubmissionUnanswered(Conflict):
    """The operator may still deliver this recharge. It is being asked; refund it only if it does not answer."""


class SecondAdminRequired(Forbidden):
    """You have asked for this recharge to be ended as failed. Another admin must ask for the same."""


class CallbackSignatureInvalid(Unauthorized):
    """The signature does not match the body and timestamp, or is too old."""


class CallbackReferenceNotFound(NotFound):
    """No recharge with this reference was sent through this channel."""
