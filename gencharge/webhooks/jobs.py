"""Work on webhooks that runs on a clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.events.events import emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.webhooks import crud, health_crud
from gencharge.webhooks.events import WebhookMessagesOverdue

log = telemetry.get_logger(__name__)
# Messages name customers and amounts: they are not kept for longer than it takes to look into a complaint.
KEEP: Final = timedelta(days=30)
TOO_OLD: Final = timedelta(minutes=15)
BATCH: Final = 2_000


async def discard_waiting(stores: Stores) -> None:
    """Discard messages that have waited for a disabled endpoint until they expired."""
    if discarded := await stores.database.run(crud.discard_waiting):
        log.warning("webhooks_discarded", deliveries=discarded)


async def measure(stores: Stores) -> None:
    """Measure the age of the oldest pending message. If one is too old, log an error and alert the staff, once an endpoint."""
    seconds = await stores.database.run(health_crud.oldest_pending_seconds)
    telemetry.WEBHOOKS_OVERDUE.set(seconds)
    if seconds > TOO_OLD.total_seconds():
        log.error("webhooks_overdue", oldest_seconds=int(seconds))
    await stores.database.run(_alert)


async def _alert(db: AsyncSession) -> None:
    now = clock.now()
    for row in await health_crud.mark_overdue(db, before=now - TOO_OLD):
        overdue = WebhookMessagesOverdue(
            user_id=str(SYSTEM_USER_ID),
            endpoint_id=str(row.endpoint_id),
            url=row.url,
            minutes=int((now - row.created_at).total_seconds() // 60),
        )
        await emit(db, overdue)


async def purge(stores: Stores) -> None:
    """Delete messages and attempts after 30 days, in batches.

    If accounts are erased earlier than that, so are messages, because they name customers.
    """
    before = clock.now() - min(KEEP, timedelta(days=stores.settings.erasure_after_days))
    deleted = 0
    while batch := await stores.database.run(lambda db: crud.purge(db, before=before, limit=BATCH)):
        deleted += batch
    log.info("webhooks_purged", rows=deleted)


JOBS: Final = (
    Job("webhooks.discard_waiting", discard_waiting, cron="40 * * * * *"),
    Job("webhooks.measure", measure, cron="20 * * * * *"),
    # 03:10 in India.
    Job("webhooks.purge", purge, cron="40 21 * * *"),
)
