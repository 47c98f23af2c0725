"""Secrets as versions before data keys (`core.vault`) sealed them: AES-256-GCM under a key derived (HKDF) from SECRET_KEY."""

from __future__ import annotations

import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gencharge.core.settings import Settings

_NONCE_BYTES: Final = 12


class Sealer:
    """Seals secrets of one purpose; opens also what the key before the present one sealed."""

    def __init__(self, settings: Settings, purpose: str) -> None:
        secret_keys = [settings.secret_key, settings.previous_secret_key]
        self._keys = [_derived(key.get_secret_value(), purpose) for key in secret_keys if key is not None]

    def seal(self, owner_id: UUID, secret: str) -> bytes:
        """The secret as it is kept: no other owner's row can make use of it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._keys[0].encrypt(nonce, secret.encode(), owner_id.bytes)

    def open(self, owner_id: UUID, sealed: bytes) -> tuple[str, bool] | None:
        """The secret, and whether it is to be sealed again under the present key; None if no key fits."""
        for number, key in enumerate(self._keys):
            try:
                plain = key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner_id.bytes)
            except InvalidTag:
                continue
            return plain.decode(), number > 0
        return None


def _derived(secret_key: str, purpose: str) -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return AESGCM(derivation.derive(secret_key.encode()))
