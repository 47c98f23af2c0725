"""What can go wrong with a note about a customer."""

from __future__ import annotations

from gencharge.core.errors import Forbidden, NotFound


class NoteNotFound(NotFound):
    """Note not found."""


class NoteOfAnotherAdmin(Forbidden):
    """Only the admin who wrote a note can take it back."""
