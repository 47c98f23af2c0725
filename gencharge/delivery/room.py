"""What delivery plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.delivery import checks, jobs, loop, routes, staff_routes

ROOM: Final = Room(
    name="delivery",
    about="Carrying recharges out over the channels of the operators.",
    routers=(routes.router, staff_routes.router),
    jobs=jobs.JOBS,
    checks=checks.CHECKS,
    loops=(loop.dispatch,),
)
