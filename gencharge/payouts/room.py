"""What payouts plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.payouts import (
    checks,
    context_service,
    jobs,
    listeners,
    loop,
    personal_data,
    routes,
    staff_routes,
    staff_service,
)

ROOM: Final = Room(
    name="payouts",
    about="What was left when an account was closed, on its way to its owner.",
    tags={
        "payouts": "Where money goes that is left when an account is closed, and the proof that it arrived."
    },
    routers=(routes.router, staff_routes.router),
    acts=(staff_service.SEND, staff_service.SETTLE),
    listeners=listeners.LISTENERS,
    jobs=jobs.JOBS,
    loops=(loop.send_payouts,),
    watchers=(context_service.watch_gateway,),
    checks=checks.CHECKS,
    personal_data=personal_data.PART,
)
