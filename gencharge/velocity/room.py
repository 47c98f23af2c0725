"""What velocity plugs in."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.velocity import personal_data

ROOM: Final = Room(
    name="velocity",
    about="Velocity rules for money: what they held back, and whom the staff allow more.",
    personal_data=personal_data.PART,
)
