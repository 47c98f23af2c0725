"""What delivery plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.delivery import loop, routes

ROOM: Final = Room(
    name="delivery",
    about="Carrying recharges out over the channels of the operators.",
    routers=(routes.router,),
    loops=(loop.dispatch,),
)
