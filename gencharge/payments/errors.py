"""What can go wrong with payments."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, Unauthorized, Unavailable


class PaymentNotFound(NotFound):
    """There is no payment with this id among yours."""


class GatewayUnavailable(Unavailable):
    """The payment gateway is not available at the moment; nothing was charged. Try again soon."""

    retry_after_seconds = 10


class GatewaySilent(GatewayUnavailable):
    """The payment gateway does not answer at the moment. What was paid is not lost: it shows as soon as it answers."""


class GatewayRefused(Conflict):
    """The payment gateway does not accept this payment; nothing was charged."""


class TopupOverLimit(Conflict):
    """The wallet may not take this much now."""


class RefundTooMuch(Invalid):
    """More than is left of this payment."""


class PaymentNotCaptured(Conflict):
    """This payment was not paid, or all of it went back."""


class RefundUnfunded(Conflict):
    """The wallet no longer holds this much: what was spent can't go back to its source."""


class CheckoutSignatureInvalid(Invalid):
    """The signature is not the gateway's for this order and payment."""


class WebhookSignatureInvalid(Unauthorized):
    """The signature does not fit the body."""
