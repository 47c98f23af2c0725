"""What mandates plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.mandates import listeners, loop, personal_data, routes, staff_routes

ROOM: Final = Room(
    name="mandates",
    about="What customers allow us to charge without a checkout.",
    tags={"mandates": "What I allow to be charged without a checkout: cards, UPI, net banking."},
    routers=(routes.router, staff_routes.router),
    listeners=listeners.LISTENERS,
    loops=(loop.check_mandates,),
    personal_data=personal_data.PART,
)
