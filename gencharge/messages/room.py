"""What messages plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.dated_documents import DatedDocuments, PendingDocuments
from gencharge.core.rooms.room import Room
from gencharge.messages import listeners, loop, models, personal_data, routes, staff_routes

ROOM: Final = Room(
    name="messages",
    about="Messages by SMS, e-mail and push.",
    tags={"messages": "SMS, e-mails and push messages: what failed, what they cost, unsubscribing."},
    routers=(routes.router, staff_routes.router),
    callbacks=("/v1/messages/bounces", "/v1/messages/receipts"),
    listeners=(listeners.RESEND,),
    loops=(loop.send_messages,),
    sealed_documents=(models.SEALED,),
    dated_documents=(DatedDocuments(models.SEALED.collection, "created_at"),),
    pending_documents=(PendingDocuments(models.SEALED.collection, "due_at"),),
    personal_data=personal_data.PART,
)
