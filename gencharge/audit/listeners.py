"""Writes an audit entry for every event."""

from __future__ import annotations

from typing import Final

from gencharge.audit import service
from gencharge.core.events.events import Event, Outside


def _is_audited(event: Event) -> bool:
    return event.audited


ENTRIES: Final = Outside(
    "audit.entries", (Event,), service.record, replay=service.record, concerns=_is_audited
)
