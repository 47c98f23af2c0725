"""What stands for a device and an address in our tables: an HMAC, from which neither can be read."""

from __future__ import annotations

import hmac

from gencharge.core.settings import Settings
from gencharge.sessions.models import Origin


def device_mark(settings: Settings, origin: Origin) -> str:
    """The mark of a device. What a client calls itself is shared by many, so the address is part of it."""
    return _mark(settings, "device", f"{origin.address}|{origin.device}")


def address_mark(settings: Settings, address: str) -> str:
    """The mark of an address."""
    return _mark(settings, "address", address)


def _mark(settings: Settings, kind: str, value: str) -> str:
    key = settings.otp_secret.get_secret_value().encode()
    return hmac.digest(key, f"referral {kind}|{value}".encode(), "sha256").hex()[:32]
