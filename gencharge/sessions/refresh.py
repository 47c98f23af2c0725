"""Refresh tokens: `<owner's id>.<256 random bits>`. Only the hash is kept.

The successor of a used token can be derived again for a few seconds, for clients that refresh at once. It needs
three parts that are kept apart: the old token (client), a seed (database) and a key (process).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from gencharge.core.settings import Settings

_SECRET_BYTES: Final = 32
_LENGTH: Final = 32 + 1 + 43


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token, taken apart."""

    user_id: UUID
    secret: bytes

    @classmethod
    def new(cls, user_id: UUID) -> Refresh:
        """A fresh one."""
        return cls(user_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parse(cls, token: str) -> Refresh | None:
        """The parts of a token; None for anything that can't be one."""
        if len(token) != _LENGTH or not token.isascii() or token[32] != ".":
            return None
        try:
            parsed = cls(
                UUID(hex=token[:32]), base64.b64decode(token[33:] + "=", altchars=b"-_", validate=True)
            )
        except (ValueError, binascii.Error):
            return None
        return parsed if str(parsed) == token else None

    def __str__(self) -> str:
        return f"{self.user_id.hex}.{base64.urlsafe_b64encode(self.secret).decode().rstrip('=')}"

    def __repr__(self) -> str:
        return f"Refresh(user_id={self.user_id}, secret=hidden)"

    @property
    def hash(self) -> bytes:
        """What is kept of it. The secret has 256 random bits, so a fast hash is enough."""
        return hashlib.sha256(self.user_id.bytes + self.secret).digest()

    def successor(self, key: bytes, seed: bytes) -> Refresh:
        """The token that replaces this one."""
        return Refresh(
            self.user_id, hmac.digest(key, b"refresh token successor" + seed + self.secret, "sha256")
        )


def new_seed() -> bytes:
    """A fresh seed for a successor."""
    return secrets.token_bytes(_SECRET_BYTES)


def keys_of(settings: Settings) -> list[bytes]:
    """The keys that successors are made with: the present one, and during a rotation the one before."""
    configured = [settings.secret_key, settings.previous_secret_key]
    return [key.get_secret_value().encode() for key in configured if key is not None]
