"""Links that work without signing in, until an instant: an HMAC over what they are for, the thing, and the instant (decision 0023)."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

from gencharge.core.settings import Settings


def query_of(settings: Settings, purpose: str, thing: UUID, expires_at: datetime) -> str:
    """The query of a link: `until` in seconds since 1970, and `signature`. `purpose`: a link for one purpose is none for another."""
    until = int(expires_at.timestamp())
    return f"until={until}&signature={_signature(settings, purpose, thing, until)}"


def is_valid(
    settings: Settings, purpose: str, thing: UUID, *, until: int, signature: str, now: datetime
) -> bool:
    """Whether we made a link with these parts, and it has not expired."""
    expected = _signature(settings, purpose, thing, until)
    return hmac.compare_digest(signature.encode(), expected.encode()) and now.timestamp() < until


def _signature(settings: Settings, purpose: str, thing: UUID, until: int) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.digest(key, f"{purpose}|{thing}|{until}".encode(), "sha256").hex()
