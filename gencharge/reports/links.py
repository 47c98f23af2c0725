"""Links to files that work without signing in, until they expire: an HMAC over the file and the instant."""

from __future__ import annotations

import hmac
from datetime import datetime
from uuid import UUID

from gencharge.core.http.web import PREFIX
from gencharge.core.settings import Settings


def path_of(settings: Settings, file_id: UUID, expires_at: datetime) -> str:
    """The path under which a file can be fetched until then."""
    until = int(expires_at.timestamp())
    return f"{PREFIX}/reports/files/{file_id}/content?until={until}&signature={_signature(settings, file_id, until)}"


def is_valid(settings: Settings, file_id: UUID, until: int, signature: str, now: datetime) -> bool:
    """Whether we made a link with these parts, and it has not expired."""
    right = hmac.compare_digest(signature.encode(), _signature(settings, file_id, until).encode())
    return right and now.timestamp() < until


def _signature(settings: Settings, file_id: UUID, until: int) -> str:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.digest(key, f"report-link|{file_id}|{until}".encode(), "sha256").hex()
