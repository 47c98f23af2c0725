"""What offers plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms import snapshots
from gencharge.core.rooms.room import Room
from gencharge.offers import checks, personal_data, routes, service, staff_routes, staff_use_routes

ROOM: Final = Room(
    name="offers",
    about="Discounts and cashbacks.",
    tags={"offers": "Discounts and cashbacks: which hold now, for whom, and their types."},
    routers=(routes.router, staff_routes.router, staff_use_routes.router),
    checks=checks.CHECKS,
    personal_data=personal_data.PART,
    snapshots=(service.Offers,),
    choices={"offer_type": snapshots.choices(service.Offers, service.type_choices)},
)
