"""Work on sessions that runs on a clock."""

from __future__ import annotations

from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.sessions import service


async def forget_old(stores: Stores) -> None:
    """Delete what ended long ago, a batch at a time."""
    while await stores.database.run(service.forget_old):
        pass


JOBS = (Job("sessions.forget_old", forget_old, cron="17 20 * * *"),)
