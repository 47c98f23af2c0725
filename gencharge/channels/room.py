"""What channels plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.channels import commission_service, jobs, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="channels",
    about="The channels over which operators are reached.",
    tags={"channels": "The channels over which operators are reached."},
    routers=(staff_routes.router,),
    jobs=jobs.JOBS,
    acts=(commission_service.CHANGE,),
)
