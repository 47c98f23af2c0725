"""What sessions plugs into the house."""

from __future__ import annotations

from typing import Final

from gencharge.core.rooms.room import Room
from gencharge.sessions import jobs, personal_data, revocation_loop

ROOM: Final = Room(
    name="sessions",
    about="Tokens, guards and revocation: who asks, and whether they are still signed in.",
    tags={"sessions": "Where users and admins are signed in, as the staff sees it."},
    jobs=jobs.JOBS,
    watchers=(revocation_loop.watch_revocations,),
    personal_data=personal_data.PART,
)
