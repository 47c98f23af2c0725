"""What campaigns do on a clock."""

from __future__ import annotations

from functools import partial
from typing import Final

from gencharge.campaigns import crud, selection_service, service
from gencharge.core.background.jobs import Job
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

# In a run, so that the events of a large campaign are not in the way of those about money: 10,000 customers a minute.
BATCHES: Final = 20


async def start_due(stores: Stores) -> None:
    """Choose the customers of the campaigns that have started, one campaign after the other."""
    left = BATCHES
    for campaign_id in await stores.database.run(partial(crud.list_due, now=clock.now())):
        choose = partial(selection_service.choose_batch, campaign_id=campaign_id)
        while left and await stores.database.run(choose):
            left -= 1


async def count(stores: Stores) -> None:
    """Count what the campaigns of this time have brought."""
    await service.count(stores.database)


JOBS: Final = (
    Job("campaigns.start", start_due, cron="* * * * *"),
    Job("campaigns.count", count, cron="12 * * * *"),
)
