"""What the search plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.search import staff_routes

ROOM: Final = Room(
    name="search",
    about="What a reference belongs to.",
    tags={"search": "Recharges, payments and customers by any reference (staff)."},
    routers=(staff_routes.router,),
)
