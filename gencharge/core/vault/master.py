"""The master key: derived (HKDF) from DATA_KEY, it wraps data keys and nothing else."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gencharge.core.settings import Settings
from gencharge.core.vault.tokens import NONCE_BYTES

DATA_KEY_BYTES: Final = 32


class MasterKey:
    """Wraps data keys. `fingerprint` tells two master keys apart and says nothing about either."""

    def __init__(self, secret: str) -> None:
        self._key = AESGCM(_derived(secret, b"gencharge data keys"))
        identity = _derived(secret, b"gencharge data keys fingerprint")
        self.fingerprint = hashlib.sha256(identity).hexdigest()[:16]

    @classmethod
    def all_of(cls, settings: Settings) -> list[Self]:
        """The master key of DATA_KEY, and that of PREVIOUS_DATA_KEY if it is set."""
        values = (settings.data_key, settings.previous_data_key)
        return [cls(value.get_secret_value()) for value in values if value is not None]

    def wrap(self, key_id: str, data_key: bytes) -> bytes:
        """Encrypt a data key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, data_key, key_id.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes | None:
        """The data key; None if another master key wrapped it."""
        try:
            return self._key.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], key_id.encode())
        except (InvalidTag, ValueError):
            return None


def new_data_key() -> bytes:
    """256 random bits."""
    return secrets.token_bytes(DATA_KEY_BYTES)


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
