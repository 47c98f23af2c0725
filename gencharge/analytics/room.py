"""What analytics plugs in."""

from __future__ import annotations

from typing import Final

from gencharge.analytics import jobs, listeners
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="analytics",
    about="Figures, by the day.",
    listeners=(listeners.COUNT,),
    jobs=jobs.JOBS,
)
