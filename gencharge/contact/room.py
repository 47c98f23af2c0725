"""What contact plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.contact import jobs, listeners, models, personal_data, routes, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="contact",
    about="Enquiries of customers and visitors, and what the staff answer.",
    tags={"contact": "Ask us something, and what we answered."},
    routers=(routes.router, staff_routes.router),
    listeners=(listeners.ANNOUNCED, listeners.VISITORS),
    jobs=jobs.JOBS,
    sealed_documents=(models.SENDER, models.THREAD),
    personal_data=personal_data.PART,
)
