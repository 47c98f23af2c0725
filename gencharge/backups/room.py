"""What backups plug into the house."""

from __future__ import annotations

from typing import Final

from gencharge.backups import (
    figures_staff_routes,
    in_place_staff_routes,
    in_place_staff_service,
    jobs,
    logs_crud,
    loop,
    staff_routes,
)
from gencharge.core.rooms.dated_documents import DatedDocuments
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="backups",
    about="Backups of all stores, and the proof that they can be restored.",
    tags={"backups": "Backups: made, verified, taken, restored."},
    # The figures first: their path is no backup.
    routers=(figures_staff_routes.router, staff_routes.router, in_place_staff_routes.router),
    acts=(in_place_staff_service.RESTORE,),
    jobs=jobs.JOBS,
    loops=(loop.keep_measured,),
    proving_jobs=jobs.proving,
    dated_documents=(DatedDocuments(logs_crud.COLLECTION, "at"),),
)
