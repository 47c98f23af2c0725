"""Announces changes of notices' texts that a request left unannounced, and notices that waited for their time."""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.background.announcing import announcing
from gencharge.core.background.jobs import Job
from gencharge.core.rooms import snapshots
from gencharge.core.stores.stores import Stores
from gencharge.notifications import subscription_service, template_crud, writing_service
from gencharge.notifications.template_service import NAME


async def _refresh(db: AsyncSession) -> None:
    await snapshots.bump(db, NAME)


async def announce_appeared(stores: Stores) -> None:
    """Tell connected clients of the notices whose time has come, such as promotions at the end of the quiet hours."""
    while await writing_service.announce_appeared(stores):
        pass


JOBS: Final[tuple[Job, ...]] = (
    announcing("notifications.announce_templates", template_crud.TEMPLATES, _refresh),
    Job("notifications.appear", announce_appeared, cron="* * * * *"),
    # From 09:00 to 21:00 in India: an admin who has the digest of yesterday does not get it again.
    Job("notifications.subscriptions", subscription_service.send_digests, cron="30 3-15 * * *"),
)
