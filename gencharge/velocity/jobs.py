"""What velocity does on a clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.events.events import emit
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.velocity import crud
from gencharge.velocity.events import ManyHeldBack

log = telemetry.get_logger(__name__)
# Long enough to look into a case; they name customers, numbers and addresses.
KEEP: Final = timedelta(days=90)
# The longest window of a rule.
COUNTED: Final = timedelta(hours=24)
PERIOD: Final = timedelta(minutes=10)
BATCH: Final = 2_000


async def watch(stores: Stores) -> None:
    """Alert the staff if much was held back in the last ten minutes."""
    await stores.database.run(lambda db: _alert(db, stores.settings))


async def _alert(db: AsyncSession, settings: Settings) -> None:
    bound = settings.velocity_alert_per_ten_minutes
    if not bound:
        return
    count, customers = await crud.count_held_back(db, since=clock.now() - PERIOD)
    if count >= bound:
        log.warning("many_held_back", refusals=count, customers=customers)
        await emit(db, ManyHeldBack(user_id=str(SYSTEM_USER_ID), count=count, customers=customers))


async def purge(stores: Stores) -> None:
    """Delete what was held back 90 days ago, and allowances that ended then, in batches; and who paid from where, and on what, a day ago."""
    before, deleted = clock.now() - KEEP, 0
    while batch := await stores.database.run(lambda db: crud.purge(db, before=before, limit=BATCH)):
        deleted += batch
    deleted += await stores.database.run(lambda db: crud.delete_payers(db, before=clock.now() - COUNTED))
    log.info("held_back_purged", rows=deleted)


JOBS: Final = (
    Job("velocity.watch", watch, cron="*/10 * * * *"),
    # 03:20 in India.
    Job("velocity.purge", purge, cron="50 21 * * *"),
)
