"""What analytics plugs in."""

from __future__ import annotations

from typing import Final

from gencharge.analytics import checks, listeners
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="analytics",
    about="Figures, by the day.",
    tags={"analytics": "Figures of the business: totals, trends, distributions."},
    listeners=(listeners.COUNT,),
    checks=checks.CHECKS,
)
