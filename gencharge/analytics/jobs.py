"""What analytics does on a clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.analytics import area_service, customers_crud, plans_crud, service
from gencharge.core import telemetry
from gencharge.core.background.jobs import Job
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

DIFFERENT: Final = Gauge(
    "gencharge_figures_different", "Rows of figures that are not what the books say, at the last nightly look"
)
# So that a night's run stays short; `gencharge rollup verify` looks at all days.
_DAYS: Final = 35
_RECENT_DAYS: Final = 2
_SHOWN: Final = 5
log = telemetry.get_logger(__name__)


async def verify(stores: Stores) -> None:
    """Compare the figures of the last five weeks with the recharges and the ledger."""
    first = clock.now().astimezone(clock.IST).date() - timedelta(days=_DAYS)
    differences = await service.find_differences(stores.database, _nothing, first)
    DIFFERENT.set(len(differences))
    shown = [{name: str(value) for name, value in row.items() if value} for row in differences[:_SHOWN]]
    (log.error if differences else log.info)("figures_verified", different=len(differences), first=shown)


async def sum_months(stores: Stores) -> None:
    """Sum the months that have ended and are not summed: the last one, once, and each on a day of which something was counted late."""
    months = await service.sum_months(stores.database)
    if months:
        log.info("figures_summed", months=[f"{month:%Y-%m}" for month in months])


async def count_areas(stores: Stores) -> None:
    """Count what happened today and yesterday to customers, payments, autopay and referrals, and what there is now."""
    await area_service.count_areas(stores.database, _RECENT_DAYS)


async def recount_areas(stores: Stores) -> None:
    """Count the same for the last five weeks: what came late, such as a payment that was captured at the end of a long transaction."""
    changed = await area_service.count_areas(stores.database, _DAYS)
    log.info("areas_recounted", changed=changed)


async def count_plans(stores: Stores) -> None:
    """Count the plans that run or wait now."""

    async def unit(db: AsyncSession) -> None:
        await allow_long_statements(db)
        await plans_crud.count_plans(db, clock.now())

    await stores.database.run(unit)


async def count_customers(stores: Stores) -> None:
    """Count the customers by cohort and segment, and the renewals."""
    await stores.database.run(lambda db: customers_crud.count_customers(db, clock.now()))


def _nothing(first: date, until: date) -> None:
    del first, until


# 02:10 to 02:40 in India, after the nightly checks of the books.
JOBS: Final = (
    Job("analytics.sum-months", sum_months, cron="40 20 * * *"),
    Job("analytics.recount-areas", recount_areas, cron="50 20 * * *"),
    Job("analytics.verify", verify, cron="0 21 * * *"),
    Job("analytics.count-customers", count_customers, cron="10 21 * * *"),
    Job("analytics.count-areas", count_areas, cron="2-59/5 * * * *"),
    Job("analytics.count-plans", count_plans, cron="*/5 * * * *"),
)
