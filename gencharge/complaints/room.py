"""What complaints plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.complaints import personal_data, routes, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="complaints",
    about="Complaints about recharges, and the regulators' deadlines.",
    tags={"complaints": "Complaints about recharges: a deadline, an owner, an outcome, a compensation."},
    routers=(routes.router, staff_routes.router),
    personal_data=personal_data.PART,
)
