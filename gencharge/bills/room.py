"""What bills plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.bills import context_service, jobs, listeners, personal_data, routes, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="bills",
    about="Postpaid bills.",
    tags={"bills": "What is due on postpaid numbers, and paying it."},
    routers=(routes.router, staff_routes.router),
    listeners=(listeners.ENDED, listeners.TAKEN_BACK),
    jobs=jobs.JOBS,
    watchers=(context_service.watch_operators,),
    personal_data=personal_data.PART,
)
