"""What live plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.live import figures_routes, figures_service, listeners, routes, service

ROOM: Final = Room(
    name="live",
    about="What connected clients learn at once.",
    routers=(routes.router, figures_routes.router),
    listeners=(listeners.PASS_ON,),
    watchers=(service.watch, figures_service.watch),
)
