"""Lives a simulation on open stores that hold nothing yet, and inspects what it came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, Protocol

from pymongo import WriteConcern
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import seed as sample
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from life.world import Outside, World
from simulation.inspection import Report, inspect
from simulation.people import population
from simulation.town import Size, Town

# Both sides of a referral get something.
_SETTINGS: Final = {"referral_friend_reward_rupees": 25}


class Neighbours(Outside, Protocol):
    """The gateway and the operators, who can be asked what they did."""

    def delivered(self) -> list[tuple[str, int, float]]:
        """Each recharge that an operator delivered: the number in E.164, the price in paise, and when, since 1970."""


async def simulate(
    stores: Stores, outside: Neighbours, size: Size, on_day: Callable[[date], None] = lambda day: None
) -> Report:
    """A life of so many days that ends yesterday, with the sample catalogue, channels and admins."""
    # Nobody keeps what is written, so nothing waits until it is on the disk.
    documents = stores.documents.with_options(write_concern=WriteConcern(w=1, j=False))
    stores = replace(stores, settings=stores.settings.model_copy(update=_SETTINGS), documents=documents)
    today = clock.start_of_day(clock.now().astimezone(clock.IST).date())
    starts_at, ends_at = today - timedelta(days=size.days + 1), today - timedelta(days=1)
    with clock.at(starts_at - timedelta(days=1)):
        await sample.seed_all(stores.database, stores.settings, _nobody)
    world = await World.open(stores, outside, ends_at)
    try:
        town = Town(world, population(size.customers, size.days, size.seed), starts_at, ends_at, size)
        await town.live(on_day)
        return await inspect(town, outside.delivered())
    finally:
        await world.close()


async def _nobody(_db: AsyncSession) -> bool:
    """No sample customers: the people of the simulation sign up by themselves."""
    return True
