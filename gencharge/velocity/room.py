"""What velocity plugs in."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.velocity import jobs, personal_data, staff_routes

ROOM: Final = Room(
    name="velocity",
    about="Velocity rules for money: what they held back, and whom the staff allow more.",
    tags={"velocity": "What the velocity rules held back, and whom the staff allow more."},
    routers=(staff_routes.router,),
    jobs=jobs.JOBS,
    personal_data=personal_data.PART,
)
