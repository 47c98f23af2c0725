"""What operators plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.operators import personal_data, routes, service, staff_routes

ROOM: Final = Room(
    name="operators",
    about="Operators, circles, and what is known of a number.",
    tags={"operators": "Operators, circles, and whose number it is."},
    routers=(routes.router, staff_routes.router),
    snapshots=(service.Operators,),
    personal_data=personal_data.PART,
)
