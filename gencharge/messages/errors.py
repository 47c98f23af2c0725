"""What can go wrong with messages."""

from __future__ import annotations

from gencharge.core.errors import Invalid, NotFound, Unauthorized


class MessageNotFound(NotFound):
    """There is no parked message with this id."""


class UnsubscribeLinkInvalid(Invalid):
    """This link is not complete. Use the link of the e-mail unchanged."""


class BounceSignatureInvalid(Unauthorized):
    """The signature of this report is missing or wrong."""


class ReceiptSignatureInvalid(Unauthorized):
    """The signature of these receipts is missing or wrong."""
