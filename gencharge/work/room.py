"""What work plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.work import listeners, staff_routes

ROOM: Final = Room(
    name="work",
    about="What waits for a person of the staff, and who works on it.",
    tags={"work": "The staff's work queue: what waits for a person, since when, and who works on it."},
    routers=(staff_routes.router,),
    listeners=(listeners.REPORT,),
)
