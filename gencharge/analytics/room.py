"""What analytics plugs in."""

from __future__ import annotations

from typing import Final

from gencharge.analytics import (
    area_staff_routes,
    campaigns_staff_routes,
    chart_staff_routes,
    customers_staff_routes,
    jobs,
    listeners,
    routes,
    staff_routes,
)
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="analytics",
    about="Figures, by the day.",
    tags={"analytics": "Figures of the business: totals, trends, distributions."},
    routers=(
        routes.router,
        staff_routes.router,
        area_staff_routes.router,
        chart_staff_routes.router,
        customers_staff_routes.router,
        campaigns_staff_routes.router,
    ),
    listeners=(listeners.COUNT,),
    jobs=jobs.JOBS,
)
