"""What campaigns plug in."""

from __future__ import annotations

from typing import Final

from gencharge.campaigns import jobs, personal_data, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="campaigns",
    about="Offers for a target group, and what they brought.",
    tags={"campaigns": "An offer for a target group, a control group held out, and the result."},
    routers=(staff_routes.router,),
    jobs=jobs.JOBS,
    personal_data=personal_data.PART,
)
