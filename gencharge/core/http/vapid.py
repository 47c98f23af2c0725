"""Who we are for the push services of browsers (VAPID, RFC 8292): a key of P-256, and tokens that it signs."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gencharge.core.settings import Settings
from gencharge.core.values import clock

# At most 24 h by the RFC. A token is signed once an hour for each push service, and good for eleven hours more.
_TOKEN_SECONDS: Final = 12 * 3600
_PERIOD_SECONDS: Final = 3600
# Who registers a browser names its push service, so there is a bound.
_SERVICES: Final = 256


def public_key_of(settings: Settings) -> str:
    """The key that a browser subscribes with, in base64url; empty while no VAPID_PRIVATE_KEY is set."""
    pem = settings.vapid_private_key.get_secret_value()
    return _public_key(_key(pem)) if pem else ""


def authorization_of(settings: Settings, endpoint: str) -> str:
    """The header `Authorization` of a message to this endpoint."""
    parts = urlsplit(endpoint)
    begun = int(clock.now().timestamp()) // _PERIOD_SECONDS * _PERIOD_SECONDS
    pem = settings.vapid_private_key.get_secret_value()
    return _signed(pem, settings.vapid_subject, f"{parts.scheme}://{parts.netloc}", begun + _TOKEN_SECONDS)


@lru_cache(maxsize=_SERVICES)
def _signed(pem: str, subject: str, audience: str, expires_at: int) -> str:
    key = _key(pem)
    claims = {"aud": audience, "exp": expires_at, "sub": subject}
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={_public_key(key)}"


@lru_cache(maxsize=4)
def _key(pem: str) -> EllipticCurvePrivateKey:
    """Raises ValueError for what is no private key of P-256."""
    key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("not a key of P-256")
    return key


def _public_key(key: EllipticCurvePrivateKey) -> str:
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()
