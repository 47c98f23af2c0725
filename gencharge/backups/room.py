"""What backups plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room

ROOM: Final = Room(name="backups", about="Backups of all stores, and the proof that they can be restored.")
