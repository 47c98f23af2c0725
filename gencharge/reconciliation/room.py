"""What reconciliation plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.reconciliation import checks, jobs, staff_routes

ROOM: Final = Room(
    name="reconciliation",
    about="Statements of the gateway and the operators against the books.",
    tags={"reconciliation": "Statements of the gateway and the operators against our books."},
    routers=(staff_routes.router,),
    jobs=jobs.JOBS,
    checks=checks.CHECKS,
)
