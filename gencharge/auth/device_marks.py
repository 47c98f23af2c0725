"""What tells one device of customers from another, so that it is counted who pays from it (decision 0068).

A page in a browser keeps it in a cookie, an app sends what it made up when it was installed. It proves nothing and opens
nothing: who leaves it out, or makes up another one, is another device. Only its HMAC is stored.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from gencharge.core.settings import Settings

HEADER: Final = "X-GenCharge-Device"
COOKIE: Final = "__Host-gencharge-device"
MIN_LENGTH: Final = 16
MAX_LENGTH: Final = 128
# Browsers keep no cookie for longer than this (RFC 6265bis). It outlives sessions: who signs out stays the same device.
_LIFETIME: Final = timedelta(days=400)


def mark_in(request: Request) -> str:
    """What the cookie of a page says, or a new one of 128 random bits."""
    mark = request.cookies.get(COOKIE, "")
    return mark if MIN_LENGTH <= len(mark) <= MAX_LENGTH else secrets.token_urlsafe(16)


def keep(response: Response, mark: str) -> None:
    """Have the browser keep it, out of the reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE,
        mark,
        max_age=round(_LIFETIME.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="strict",
    )


def device_id_of(settings: Settings, mark: str) -> UUID:
    """What is stored of it (UUIDv8, RFC 9562), from which it can't be read."""
    key = settings.otp_secret.get_secret_value().encode()
    raw = bytearray(hmac.digest(key, f"device|{mark}".encode(), "sha256")[:16])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))
