"""What directory plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="directory",
    about="Whose phone number or e-mail address it is; each belongs to one account.",
)
