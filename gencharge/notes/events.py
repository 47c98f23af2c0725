"""What is announced of notes about customers: never their text, which the audit trail would keep in clear."""

from __future__ import annotations

from dataclasses import dataclass

from gencharge.core.events.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNoted(Event):
    """An admin wrote a note about a customer."""

    note_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNoteTakenBack(Event):
    """An admin took a note of their own back. Its text is gone."""

    note_id: str
