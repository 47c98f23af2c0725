"""What metrics plug in."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.metrics import listeners, loop

ROOM: Final = Room(
    name="metrics",
    about="What Prometheus is told of the business and of the queues.",
    listeners=(listeners.COUNT,),
    loops=(loop.keep_measured,),
)
