"""What can go wrong while an operator has a recharge."""

from __future__ import annotations

from gencharge.core.errors import Conflict, NotFound, Unauthorized


class NotUnderWay(Conflict):
    """The recharge has ended."""


class CallbackSignatureInvalid(Unauthorized):
    """The signature does not fit the body and its time stamp, or is too old."""


class CallbackReferenceUnknown(NotFound):
    """No recharge went over this channel under this reference."""
