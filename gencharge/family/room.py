"""The parts of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.family import routes

ROOM: Final = Room(
    name="family",
    about="All numbers that a customer takes care of, on one board.",
    tags={"family": "My own number and those that I saved: what runs on them, and what is bought next."},
    routers=(routes.router,),
)
