"""What admins plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.admins import (
    contact_service,
    grants_loop,
    role_service,
    staff_role_routes,
    staff_routes,
    staff_service,
)
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="admins",
    about="The staff, their roles, and what these allow.",
    tags={"admins": "The staff, their roles and operators.", "roles": "Roles and what they allow."},
    routers=(staff_routes.router, staff_role_routes.router),
    acts=(
        staff_service.APPOINT,
        staff_service.ASSIGN,
        contact_service.CHANGE_CONTACT,
        role_service.CREATE,
        role_service.REPLACE,
    ),
    snapshots=(grants_loop.GrantsHolder,),
)
