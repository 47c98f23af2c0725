"""What offers plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.offers import checks, routes, service, staff_routes

ROOM: Final = Room(
    name="offers",
    about="Discounts and cashbacks.",
    tags={"offers": "Discounts and cashbacks: which hold now, for whom, and their types."},
    routers=(routes.router, staff_routes.router),
    checks=checks.CHECKS,
    watchers=(service.Offers.keep_fresh,),
)
