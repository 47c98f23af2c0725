"""Browsers that take push messages: their subscriptions, and how they decrypt (RFC 8291)."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SALT: Final = slice(0, 16)
_KEY: Final = slice(21, 86)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that takes messages. `key` and `auth` are its secrets."""

    name: str
    key: EllipticCurvePrivateKey
    auth: bytes


class Browsers:
    """The subscriptions of this run, by the last part of their addresses."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, Subscription] = {}

    def subscribe(self, name: str, base_url: str) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives in a browser."""
        subscription = Subscription(name, generate_private_key(SECP256R1()), os.urandom(16))
        path = f"{name}-{secrets.token_urlsafe(9)}"
        self._subscriptions[path] = subscription
        point = subscription.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _encoded(point), "auth": _encoded(subscription.auth)}
        return {"endpoint": f"{base_url}push/web/{path}", "expirationTime": None, "keys": keys}

    def get(self, path: str) -> Subscription | None:
        """The subscription, if it was made in this run."""
        return self._subscriptions.get(path)


def decrypted(subscription: Subscription, body: bytes) -> bytes:
    """The message in a body (RFC 8291). Raises ValueError."""
    if len(body) < _KEY.stop or body[20] != _KEY.stop - _KEY.start:
        raise ValueError("no header of aes128gcm with a key of P-256")
    sender = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), body[_KEY])
    own = subscription.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = subscription.key.exchange(ECDH(), sender)
    secret = _derived(shared, subscription.auth, b"WebPush: info\x00" + own + body[_KEY], 32)
    key = _derived(secret, body[_SALT], b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, body[_SALT], b"Content-Encoding: nonce\x00", 12)
    try:
        plain = AESGCM(key).decrypt(nonce, body[_KEY.stop :], None)
    except InvalidTag:
        raise ValueError("not encrypted for this subscription") from None
    return plain.rstrip(b"\x00")[:-1]


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
