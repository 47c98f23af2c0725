"""What plans plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms import snapshots
from gencharge.core.rooms.room import Room
from gencharge.plans import listeners, routes, service, staff_file_routes, staff_routes

ROOM: Final = Room(
    name="plans",
    about="The catalogue: plans, their groups, their import and export.",
    tags={"plans": "What is on sale: plans and their groups."},
    routers=(routes.router, staff_file_routes.router, staff_routes.router),
    large_bodies=staff_file_routes.LARGE_BODIES,
    listeners=(listeners.DROP_CACHED,),
    snapshots=(service.Catalogue,),
    choices={"plan_group": snapshots.choices(service.Catalogue, service.group_choices)},
)
