"""What notifications plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.notifications import alert_listeners, personal_data, routes, service

ROOM: Final = Room(
    name="notifications",
    about="Inboxes and alerts.",
    tags={"notifications": "My inbox: what happened to my money, plans and sign-ins."},
    routers=(routes.router,),
    listeners=(service.NOTICES, alert_listeners.STAFF_ALERTS),
    personal_data=personal_data.PART,
)
