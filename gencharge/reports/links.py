"""Links to files that work without signing in, until they expire."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from gencharge.core.http import signed_links
from gencharge.core.http.web import PREFIX
from gencharge.core.settings import Settings

_PURPOSE: Final = "report-link"


def path_of(settings: Settings, file_id: UUID, expires_at: datetime) -> str:
    """The path under which a file can be fetched until then."""
    query = signed_links.query_of(settings, _PURPOSE, file_id, expires_at)
    return f"{PREFIX}/reports/files/{file_id}/content?{query}"


def is_valid(settings: Settings, file_id: UUID, until: int, signature: str, now: datetime) -> bool:
    """Whether we made a link with these parts, and it has not expired."""
    return signed_links.is_valid(settings, _PURPOSE, file_id, until=until, signature=signature, now=now)
