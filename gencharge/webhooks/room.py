"""What webhooks plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.webhooks import (
    documentation_routes,
    jobs,
    listeners,
    loop,
    owner_listeners,
    service,
    staff_routes,
)

ROOM: Final = Room(
    name="webhooks",
    about="Messages to integrators.",
    tags={"webhooks": "Messages to integrators: endpoints, deliveries, redelivery."},
    routers=(staff_routes.router,),
    webhooks=(documentation_routes.describe(),),
    listeners=(listeners.QUEUE_MESSAGES, owner_listeners.OWNER_NOTICES),
    jobs=jobs.JOBS,
    choices={"webhook_type": service.type_choices},
    loops=(loop.deliver_webhooks,),
)
