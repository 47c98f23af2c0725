"""The parts of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.delivery import checks, context_service, jobs, loop, routes, staff_routes

ROOM: Final = Room(
    name="delivery",
    about="Delivering recharges over the operators' channels.",
    callbacks=("/v1/recharge/callbacks/",),
    routers=(routes.router, staff_routes.router),
    jobs=jobs.JOBS,
    checks=checks.CHECKS,
    loops=(loop.dispatch,),
    watchers=(context_service.watch_operators,),
)
