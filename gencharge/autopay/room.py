"""What autopay plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.autopay import listeners, loop, personal_data, routes, staff_routes, topups_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="autopay",
    about="Recharges and top-ups that happen by themselves.",
    tags={"autopay": "Recharges and top-ups that happen by themselves."},
    routers=(routes.router, topups_routes.router, staff_routes.router),
    listeners=(listeners.MANDATE_ENDED,),
    loops=(loop.run_autopays, loop.run_topups),
    personal_data=personal_data.PART,
)
