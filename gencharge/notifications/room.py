"""What notifications plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.dated_documents import DatedDocuments
from gencharge.core.rooms.room import Room
from gencharge.notifications import (
    announcement_loop,
    balance_listeners,
    cashback_listeners,
    jobs,
    listeners,
    models,
    personal_data,
    routes,
    staff_routes,
)

ROOM: Final = Room(
    name="notifications",
    about="Inboxes and alerts.",
    tags={"notifications": "My inbox: what happened to my money, plans and sign-ins."},
    routers=(routes.router, staff_routes.router),
    listeners=(
        listeners.NOTICES,
        listeners.STAFF_ALERTS,
        listeners.SUBSCRIPTIONS,
        listeners.TEMPLATES_ANNOUNCED,
        balance_listeners.BALANCES,
        cashback_listeners.CASHBACKS,
    ),
    jobs=jobs.JOBS,
    loops=(announcement_loop.send_announcements,),
    sealed_documents=(models.SEALED,),
    # Not by its date: a notice of the night is dated to the morning, when it is shown.
    dated_documents=(DatedDocuments(models.SEALED.collection, "event_id", by_id=True),),
    personal_data=personal_data.PART,
)
