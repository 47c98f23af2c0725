"""Puts the sample data into a database, and says whether its customers have a life to live.

A life is begun in one transaction: the customers sign up on different days of the past, which is how it is known later. It
is lived once. Sample data of an older version, whose customers all signed up at once, stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge import seed as sample
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.recharge.models import Recharge as SoldRecharge
from gencharge.users.models import User
from life.script import DAYS, LAST_CUSTOMER, LAST_KEY, LEAVER, first_day_of, joined_at, script
from life.steps import Step

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Life:
    """A life that is to be lived: its steps, in order, and the instant at which it ends."""

    steps: list[Step]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """Whether anything of the sample data was missing, and the life that is to be lived, new or cut off, if there is one."""

    added: bool
    life: Life | None


async def begin(database: Database, settings: Settings, *, seed: int = 1) -> Begun:
    """Add the sample data that is missing, on a new database as of three months ago."""
    if await database.run(_has_customers):
        added = await sample.seed_all(database, settings)
    else:
        first_day = first_day_of(clock.now())
        with clock.at(joined_at(first_day, 1) - timedelta(hours=1)):
            added = await sample.seed_all(database, settings, partial(_sign_up, first_day=first_day))
    begun_on = await database.run(_first_day)
    if begun_on is None or await database.run(_is_lived):
        return Begun(added, None)
    return Begun(added, _life(begun_on, seed))


def _life(first_day: date, seed: int) -> Life:
    """The life that began on `first_day`: to this instant, or to the end of the day on which it was to end."""
    ends_at = min(
        clock.now(), clock.start_of_day(first_day + timedelta(days=DAYS + 1)) - timedelta(minutes=1)
    )
    return Life(script(first_day, ends_at, seed), ends_at)


async def _sign_up(db: AsyncSession, *, first_day: date) -> bool:
    """All customers, each at an instant of their own, in one transaction."""
    for number in range(1, LEAVER + 1):
        with clock.at(joined_at(first_day, number)):
            await sample.add_customer(db, number)
    return True


async def _has_customers(db: AsyncSession) -> bool:
    return await _joined(db, sample.USERS) is not None


async def _first_day(db: AsyncSession) -> date | None:
    """The first day of the life that was begun here; None if none was."""
    first, last = await _joined(db, 1), await _joined(db, sample.USERS)
    if first is None or last is None or last - first < _ONE_DAY:
        return None
    return first.astimezone(clock.IST).date()


async def _joined(db: AsyncSession, number: int) -> datetime | None:
    joined: datetime | None = await db.scalar(
        select(User.created_at).where(User.user_id == sample.user_id_of(number))
    )
    return joined


async def _is_lived(db: AsyncSession) -> bool:
    """Steps are lived in order, so a life whose last recharge is there was lived."""
    last = select(SoldRecharge.id).where(
        SoldRecharge.user_id == sample.user_id_of(LAST_CUSTOMER), SoldRecharge.idempotency_key == LAST_KEY
    )
    return await db.scalar(last) is not None
