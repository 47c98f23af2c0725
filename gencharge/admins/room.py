"""What admins plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.admins import grants_loop, staff_routes
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="admins",
    about="The staff, their roles, and what these allow.",
    tags={"admins": "The staff, their roles and operators.", "roles": "Roles and what they allow."},
    routers=(staff_routes.router, staff_routes.roles),
    watchers=(grants_loop.GrantsHolder.keep_fresh,),
)
