"""What can go wrong with payments."""

from __future__ import annotations

from gencharge.core.errors import Conflict, Invalid, NotFound, Unauthorized, Unavailable


class PaymentNotFound(NotFound):
    """Payment not found."""


class GatewayUnavailable(Unavailable):
    """The payment gateway is temporarily unavailable. Nothing was charged; try again soon."""

    retry_after_seconds = 10


class GatewayTimeout(GatewayUnavailable):
    """The payment gateway is not responding. If you have paid, your money is safe and shows up once it responds."""


class GatewayDeclined(Conflict):
    """The payment gateway declined this payment. Nothing was charged."""


class TopupLimitExceeded(Conflict):
    """This top-up would exceed your wallet limit."""


class RefundTooLarge(Invalid):
    """The amount exceeds what can still be refunded."""


class PaymentNotCaptured(Conflict):
    """This payment was not completed, or has been refunded in full."""


class CheckoutSignatureInvalid(Invalid):
    """The signature does not match this order and payment."""


class WebhookSignatureInvalid(Unauthorized):
    """The signature does not match the body."""
