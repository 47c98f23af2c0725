"""What audit announces."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailReanchored(Event):
    """After a restore the trail is sealed again behind the entry `after`: what followed it was written again from stored events.

    `former_sequence` and `former_hash`: the head until then, to be compared with the log. `entries`: how many are there to be sealed."""

    after: int
    former_sequence: int
    former_hash: str
    entries: int
