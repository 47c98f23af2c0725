"""What content plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.content import jobs, listeners, routes, service, staff_picture_routes, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="content",
    about="Pages, banners, questions and answers, and their pictures.",
    tags={"content": "Banners, questions and answers, and pages, with their pictures."},
    routers=(routes.router, routes.images, staff_routes.router, staff_picture_routes.router),
    large_bodies=staff_picture_routes.LARGE_BODIES,
    listeners=(listeners.CONTENT_ANNOUNCED, listeners.PICTURES_ANNOUNCED, listeners.DELETE_FILES),
    jobs=jobs.JOBS,
    snapshots=(service.Contents,),
)
