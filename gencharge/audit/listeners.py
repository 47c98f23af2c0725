"""Writes an audit entry for every event."""

from __future__ import annotations

from typing import Final

from gencharge.audit import service
from gencharge.core.events.events import Event, Outside

ENTRIES: Final = Outside("audit.entries", (Event,), service.record)
