"""What reports plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.reports import (
    jobs,
    listeners,
    routes,
    schedule_staff_routes,
    service,
    staff_file_routes,
    staff_routes,
)

ROOM: Final = Room(
    name="reports",
    about="What the rooms hold, as files: CSV, JSON, XLSX, PDF, Parquet.",
    tags={"reports": "What the rooms hold, as files."},
    routers=(routes.router, staff_file_routes.router, schedule_staff_routes.router, staff_routes.router),
    listeners=(listeners.READY,),
    jobs=jobs.JOBS,
    choices={"report": service.report_choices},
)
