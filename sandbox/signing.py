"""HMAC-SHA256 as both protocols use it, written out here and not shared with the product: an outside party's own."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

FRESH_SECONDS: Final = 300


def digest(secret: str, message: bytes) -> str:
    """Hex HMAC-SHA256 of `message`."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def checkout_signature(secret: str, order_id: str, payment_id: str) -> str:
    """What the checkout hands to the browser: HMAC of `order_id|payment_id` with the key's secret."""
    return digest(secret, f"{order_id}|{payment_id}".encode())


def operator_secret(master: str, channel: str, direction: str, version: int) -> str:
    """The secret of a channel: `direction` is `requests` (to the operator) or `callbacks` (from it)."""
    return digest(master, f"gencharge:{channel}:{direction}:{version}".encode())


def operator_signature(secret: str, timestamp: str, channel: str, method: str, path: str, body: bytes) -> str:
    """`X-Signature` of the operators' protocol: HMAC of `timestamp.channel.METHOD path.body`, the body as it is on the wire."""
    return digest(secret, f"{timestamp}.{channel}.{method} {path}.".encode() + body)


def is_genuine(expected: str, actual: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(expected.encode(), actual.encode())


def forged(signature: str) -> str:
    """A signature of the right shape that is wrong."""
    return signature.translate(str.maketrans("0123456789abcdef", "123456789abcdef0"))
