"""What devices plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.devices import listeners, models, personal_data, routes

ROOM: Final = Room(
    name="devices",
    about="Browsers and devices that take push messages.",
    tags={"devices": "My browsers and devices that take push messages."},
    routers=(routes.router,),
    listeners=(listeners.SESSIONS_ENDED,),
    sealed_documents=(models.SEALED,),
    personal_data=personal_data.PART,
)
