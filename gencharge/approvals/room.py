"""What approvals plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.approvals import jobs, staff_routes, staff_service
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="approvals",
    about="Acts that take a second admin: requests, and decisions on them.",
    tags={"approvals": "What the staff asked for and a second admin decides on."},
    routers=(staff_routes.router,),
    jobs=jobs.JOBS,
    choices={"act": staff_service.act_choices},
)
