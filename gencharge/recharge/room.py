"""The parts of this room."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.recharge import (
    bulk_staff_routes,
    checks,
    jobs,
    listeners,
    personal_data,
    queue_routes,
    queue_staff_routes,
    quote_loop,
    routes,
    staff_routes,
    staff_service,
)

ROOM: Final = Room(
    name="recharge",
    about="Quotes, recharges and bought plans.",
    tags={"recharge": "Quotes, recharges, bought plans, receipts."},
    routers=(
        routes.direct,
        routes.router,
        queue_routes.router,
        staff_routes.router,
        queue_staff_routes.router,
        bulk_staff_routes.router,
    ),
    listeners=(listeners.PAID, listeners.UNPAID),
    jobs=jobs.JOBS,
    watchers=(quote_loop.watch_quotes,),
    checks=checks.CHECKS,
    acts=(staff_service.REFUND,),
    personal_data=personal_data.PART,
)
