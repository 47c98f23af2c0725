"""What wallet plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.wallet import checks, jobs, personal_data, routes, staff_routes

ROOM: Final = Room(
    name="wallet",
    about="The ledger, balances and adjustments.",
    tags={"wallet": "The balance and what moved it."},
    routers=(routes.direct, routes.router, staff_routes.router),
    jobs=jobs.JOBS,
    checks=checks.CHECKS,
    personal_data=personal_data.PART,
)
