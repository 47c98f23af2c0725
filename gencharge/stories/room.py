"""What the stories plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.stories import routes, staff_routes

ROOM: Final = Room(
    name="stories",
    about="What happened to a recharge, from its sale to its end.",
    # Its routes belong to `/recharge`.
    tags={},
    routers=(routes.router, staff_routes.router),
)
