"""What users plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.users import contact_service, kyc_routes, kyc_staff_routes, personal_data, routes, staff_routes

ROOM: Final = Room(
    name="users",
    about="Customers: their profile, their numbers, closing and erasing an account.",
    tags={"users": "Customers."},
    routers=(routes.router, kyc_routes.router, staff_routes.router, kyc_staff_routes.router),
    acts=(contact_service.CHANGE_CONTACT,),
    personal_data=personal_data.PART,
)
