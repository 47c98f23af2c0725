"""The nightly job that erases archived users."""

from __future__ import annotations

from uuid import UUID

from gencharge.core.background.jobs import Job
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.users import lifecycle_service as lifecycle
from gencharge.users import profile_service as profile
from gencharge.users.jobs import DAILY, erasing
from gencharge.users.models import User
from tests.make import factories


async def archived(stores: Stores, *, keep_days: int) -> User:
    """A user who was archived just now, and whose data is kept for so many days."""
    user = await stores.database.run(factories.make_user)
    return await stores.database.run(
        lambda db: lifecycle.archive(
            db, (), user.user_id, by=user.user_id, reason="test", payout=False, keep_days=keep_days
        )
    )


def job_of(erased: list[UUID]) -> Job:
    """The job, with one room that notes whom it erased."""

    async def erase(_stores: Stores, user_id: UUID) -> None:
        erased.append(user_id)

    return erasing((PersonalData(name="notes", erase=erase), PersonalData(name="nothing")))


async def test_the_job_erases_who_is_due_once_and_leaves_the_others(stores: Stores) -> None:
    due, later = await archived(stores, keep_days=30), await archived(stores, keep_days=40)
    erased = list[UUID]()
    job = job_of(erased)
    await job.run(stores)
    assert erased == []
    with clock.later(days=31):
        await job.run(stores)
        await job.run(stores)
    assert erased == [due.user_id]
    async with stores.database.transaction() as db:
        assert (await profile.find(db, due.user_id)).email is None
        assert (await profile.find(db, later.user_id)).email == later.email


def test_the_job_runs_every_night_in_india() -> None:
    assert DAILY == "40 21 * * *"  # 03:10 in India
    assert job_of([]).name == "users.erase"
