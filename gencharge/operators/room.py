"""What operators plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.http.choices import Choices
from gencharge.core.rooms import snapshots
from gencharge.core.rooms.room import Room
from gencharge.operators import personal_data, routes, service, staff_routes

ROOM: Final = Room(
    name="operators",
    about="Operators, circles, and what is known of a number.",
    tags={"operators": "Operators, circles, and whose number it is."},
    routers=(routes.router, staff_routes.router),
    snapshots=(service.Operators,),
    choices={
        "operator": snapshots.choices(service.Operators, lambda held: Choices.of(held.operators)),
        "circle": snapshots.choices(service.Operators, lambda held: Choices.of(held.circles)),
    },
    personal_data=personal_data.PART,
)
