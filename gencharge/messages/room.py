"""What messages plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.messages import loop, models, personal_data

ROOM: Final = Room(
    name="messages",
    about="Messages by SMS, e-mail and push.",
    loops=(loop.send_messages,),
    sealed_documents=(models.SEALED,),
    personal_data=personal_data.PART,
)
