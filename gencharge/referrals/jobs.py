"""What referral rewards do on a clock."""

from __future__ import annotations

from functools import partial
from typing import Final

from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.errors import Unavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.referrals import crud, lifecycle_service, screening_service

log = telemetry.get_logger(__name__)
BATCH: Final = 100
# Longer than a batch takes. After that another worker takes over from one that died.
LEASE_SECONDS: Final = 60.0
_PURGE_BATCH: Final = 2_000


async def pay_due(stores: Stores) -> None:
    """Pay the rewards that are earned, each in a transaction of its own. One that fails is in nobody's way, and comes due again."""
    while batch := await stores.database.run(
        lambda db: crud.claim_due(db, limit=BATCH, lease_seconds=LEASE_SECONDS)
    ):
        for key in batch:
            try:
                await stores.database.run(partial(lifecycle_service.pay, settings=stores.settings, key=key))
            except Unavailable:
                raise  # the others would fail, too; their leases run out
            except Exception:
                log.exception("referral_reward_failed", reward_id=str(key.reward_id))


async def purge(stores: Stores) -> None:
    """Forget where customers registered from 90 days ago, in batches."""
    before, deleted = clock.now() - screening_service.REMEMBERED, 0
    while batch := await stores.database.run(
        lambda db: crud.purge_marks(db, before=before, limit=_PURGE_BATCH)
    ):
        deleted += batch
    log.info("referral_marks_purged", rows=deleted)


JOBS: Final = (
    # A reward asks for a run when it is earned; the clock is for those that wait, and for runs that were lost.
    Job(lifecycle_service.PAY_JOB, pay_due, cron="* * * * *"),
    # 03:40 in India.
    Job("referrals.purge", purge, cron="10 22 * * *"),
)
