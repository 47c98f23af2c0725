"""Announces changes of enquiries that a request left unannounced, and deletes old ones of visitors."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gencharge.contact import crud
from gencharge.core import telemetry
from gencharge.core.background.announcing import announcing
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

log = telemetry.get_logger(__name__)
# A visitor has no account with which it could be erased.
VISITORS_RETENTION: Final = timedelta(days=365)
SPAM_RETENTION: Final = timedelta(days=30)


async def purge(stores: Stores) -> None:
    """Delete spam after 30 days, and visitors' enquiries a year after their last change."""
    now = clock.now()
    deleted = await crud.delete_of_visitors(
        stores.documents, spam_before=now - SPAM_RETENTION, others_before=now - VISITORS_RETENTION
    )
    log.info("enquiries_purged", enquiries=deleted)


JOBS: Final = (
    announcing("contact.announce", crud.ENQUIRIES),
    # 03:25 in India.
    Job("contact.purge", purge, cron="55 21 * * *"),
)
