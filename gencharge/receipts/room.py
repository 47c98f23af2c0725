"""The parts of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.receipts import checks, personal_data, routes, staff_routes

ROOM: Final = Room(
    name="receipts",
    about="Receipts, as data and as PDF.",
    routers=(routes.router, staff_routes.router),
    checks=checks.CHECKS,
    personal_data=personal_data.PART,
)
