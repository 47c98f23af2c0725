"""The token of a form: when we issued it, signed, so that what was sent within seconds is no person's."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

from gencharge.core.settings import Settings

MIN_SECONDS: Final = 3
MAX_SECONDS: Final = 24 * 3600
_PURPOSE: Final = "contact-form"


def issue(settings: Settings, now: datetime) -> str:
    """A token that was issued at `now`."""
    instant = f"{int(now.timestamp() * 1000):x}"
    return f"{instant}.{_signature(settings, instant)}"


def age_seconds(settings: Settings, token: str, now: datetime) -> float | None:
    """How long ago we issued this token; None if we did not, or more than MAX_SECONDS ago."""
    instant, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(settings, instant).encode()):
        return None
    age = now.timestamp() - int(instant, 16) / 1000
    return age if age <= MAX_SECONDS else None


def _signature(settings: Settings, instant: str) -> str:
    return name_of(settings, instant)


def name_of(settings: Settings, value: str) -> str:
    """A personal value, such as an e-mail address, as limits and keys know it: its HMAC, 128 bits in hexadecimal digits."""
    key = settings.otp_secret.get_secret_value().encode()
    return hmac.digest(key, f"{_PURPOSE}|{value}".encode(), "sha256").hex()[:32]
