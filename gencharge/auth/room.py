"""What auth plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.auth import (
    contact_listeners,
    contact_routes,
    context,
    development,
    jobs,
    listeners,
    personal_data,
    routes,
    second_factor_routes,
    session_routes,
    staff_routes,
)
from gencharge.core.rooms.room import Room

ROOM: Final = Room(
    name="auth",
    about="Signing up and in, and the second factor.",
    tags={"auth": "Signing up, signing in with an OTP, staying signed in, signing out."},
    routers=(
        routes.router,
        session_routes.router,
        second_factor_routes.router,
        contact_routes.of_users,
        contact_routes.of_admins,
        staff_routes.of_sessions,
        staff_routes.of_admins,
        staff_routes.of_users,
    ),
    jobs=jobs.JOBS,
    listeners=(listeners.FORGET_FACTORS, contact_listeners.CONTACT_NOTICES),
    watchers=(context.watch_context, development.warn_of_fixed_code),
    personal_data=personal_data.PART,
)
