"""What announcements plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.announcements import jobs, listeners, models, personal_data, staff_routes
from gencharge.core.rooms.dated_documents import PendingDocuments
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="announcements",
    about="One text for many readers.",
    tags={"announcements": "What the staff announce, to whom, and how many have read it."},
    routers=(staff_routes.router,),
    listeners=(listeners.ANNOUNCED,),
    jobs=jobs.JOBS,
    sealed_documents=(models.SEALED,),
    pending_documents=(PendingDocuments(models.SEALED.collection, "next_at", ("next_at", "lease")),),
    personal_data=personal_data.PART,
)
