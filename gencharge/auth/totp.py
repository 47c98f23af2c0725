"""Authenticator apps (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from uuid import UUID

import pyotp

from gencharge.core.values import clock

STEP_SECONDS: Final = 30
RECOVERY_CODES: Final = 10
RECOVERY_CODE_LENGTH: Final = 16
_ISSUER: Final = "GenCharge"
# RFC 6238 section 5.2: one step either way, for a phone's clock and for slow fingers.
_STEPS: Final = (-1, 0, 1)


def new_secret() -> str:
    """A fresh secret in base32: 160 bits, as RFC 4226 section 4 recommends."""
    return pyotp.random_base32()


def uri_of(secret: str, *, account: str) -> str:
    """The `otpauth://` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=_ISSUER)


def step_of(secret: str, code: str) -> int | None:
    """The time step that a code belongs to, out of the present one and its neighbours; None for a wrong code."""
    now = int(clock.now().timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    matching = None
    for step in (now + offset for offset in _STEPS):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            matching = step
    return matching


def new_recovery_codes() -> list[str]:
    """Ten fresh codes of sixteen letters and digits in groups of four: `k3vd-...`."""
    return [_grouped(secrets.token_bytes(RECOVERY_CODE_LENGTH * 5 // 8)) for _ in range(RECOVERY_CODES)]


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, RECOVERY_CODE_LENGTH, 4))


def hash_of(admin_id: UUID, recovery_code: str) -> bytes:
    """The stored hash of a recovery code, however it is grouped. It has 80 random bits, so a fast hash is enough."""
    plain = recovery_code.replace("-", "").replace(" ", "").lower()
    return hashlib.sha256(admin_id.bytes + plain.encode()).digest()
