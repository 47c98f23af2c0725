"""Work on signing in that runs on a clock."""

from __future__ import annotations

from typing import Final

from gencharge.auth import contact_service, otp_service, sending_service
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores


async def forget_failures(stores: Stores) -> None:
    """Delete the counts of wrong codes that no longer matter."""
    await stores.database.run(otp_service.forget_old_failures)
    await stores.database.run(sending_service.forget_old_sends)


async def forget_contact_changes(stores: Stores) -> None:
    """Delete addresses and numbers that nobody proved."""
    await stores.database.run(contact_service.forget_old)


JOBS: Final = (
    Job("auth.forget_failures", forget_failures, cron="27 20 * * *"),
    Job("auth.forget_contact_changes", forget_contact_changes, cron="37 20 * * *"),
)
