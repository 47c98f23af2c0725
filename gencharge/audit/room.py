"""What audit plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.audit import (
    crud,
    events,
    jobs,
    listeners,
    personal_data,
    service,
    staff_routes,
    verification_service,
)
from gencharge.core.rooms.dated_documents import DatedDocuments
from gencharge.core.rooms.room import Room

# A relay hands out the events that its process knows, also those that only a restore emits.
EVENTS: Final = (events.AuditTrailReanchored,)
ROOM: Final = Room(
    name="audit",
    about="The hash-chained trail of what everybody did.",
    tags={"audit-logs": "Who did what to what, from where, and how it went."},
    routers=(staff_routes.router,),
    listeners=(listeners.ENTRIES,),
    jobs=jobs.JOBS,
    choices={"audit_action": service.action_choices, "audit_object_type": service.object_type_choices},
    dated_documents=(DatedDocuments(crud.COLLECTION, "recorded_at"),),
    proofs=(verification_service.prove,),
    personal_data=personal_data.PART,
)
