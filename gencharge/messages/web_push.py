"""The encryption of a message to a browser (RFC 8291, with the content coding aes128gcm of RFC 8188): the push service can't read it."""

from __future__ import annotations

import base64
import os
from typing import Final

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

# What a push service takes at least (RFC 8030).
MAX_BYTES: Final = 3_993
_SALT_BYTES: Final = 16
_RECORD_BYTES: Final = 4_096
_LAST_RECORD: Final = b"\x02"


def encrypted(
    plain: bytes,
    p256dh: str,
    auth: str,
    *,
    own_key: EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of the message for a subscription with these keys (base64url). `own_key` and `salt` are fresh but in tests.

    Raises ValueError for a text of more than MAX_BYTES, and for keys that are none.
    """
    if len(plain) > MAX_BYTES:
        raise ValueError(f"at most {MAX_BYTES} bytes")
    own_key = own_key or generate_private_key(SECP256R1())
    salt = salt or os.urandom(_SALT_BYTES)
    their_point = _decoded(p256dh)
    their_key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), their_point)
    own_point = own_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    info = b"WebPush: info\x00" + their_point + own_point
    secret = _derived(own_key.exchange(ECDH(), their_key), _decoded(auth), info, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
    sealed = AESGCM(key).encrypt(nonce, plain + _LAST_RECORD, None)
    header = salt + _RECORD_BYTES.to_bytes(4, "big") + bytes([len(own_point)]) + own_point
    return header + sealed


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
