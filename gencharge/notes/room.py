"""What notes plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.notes import personal_data, staff_routes

ROOM: Final = Room(
    name="notes",
    about="What the staff note about a customer.",
    routers=(staff_routes.router,),
    personal_data=personal_data.PART,
)
