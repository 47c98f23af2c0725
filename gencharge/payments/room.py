"""What payments plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.payments import (
    checks,
    context,
    loop,
    personal_data,
    routes,
    staff_routes,
    staff_service,
    topups_routes,
    webhook_routes,
)

ROOM: Final = Room(
    name="payments",
    about="Money through a gateway.",
    tags={"payments": "Money through the gateway: top-ups, refunds, the gateway's webhooks."},
    callbacks=("/v1/payments/webhooks/",),
    routers=(webhook_routes.router, routes.router, staff_routes.router, topups_routes.router),
    loops=(loop.check_payments, loop.send_refunds, loop.retry_events),
    watchers=(context.watch_gateway,),
    checks=checks.CHECKS,
    acts=(staff_service.REFUND,),
    personal_data=personal_data.PART,
)
