"""Work on signing in that runs on a clock."""

from __future__ import annotations

from typing import Final

from gencharge.auth import otp_service
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores


async def forget_failures(stores: Stores) -> None:
    """Delete the counts of wrong codes that no longer matter."""
    await stores.database.run(otp_service.forget_old_failures)


JOBS: Final = (Job("auth.forget_failures", forget_failures, cron="27 20 * * *"),)
