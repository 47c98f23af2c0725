"""What referrals plug in."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.referrals import checks, jobs, listeners, personal_data, routes, staff_routes

ROOM: Final = Room(
    name="referrals",
    about="Who referred whom, and the rewards.",
    tags={"referrals": "A customer's code to share, and the rewards that it brings."},
    routers=(routes.router, staff_routes.router),
    listeners=(listeners.FOLLOW,),
    jobs=jobs.JOBS,
    checks=checks.CHECKS,
    personal_data=personal_data.PART,
)
