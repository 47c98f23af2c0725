"""Work that nobody does is asked for again; old work and old links are forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from gencharge.backups import jobs, links_service, running_service, service, staff_service
from gencharge.backups.errors import BackupToolsUnavailable
from gencharge.backups.models import BackupLink, BackupRun
from gencharge.backups.staff_schemas import BackupCreate
from gencharge.core.events.events import EventRow
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.backups import do_waiting, make_backup

_WAITING = text(
    "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'backups.run' AND args->>'run_id' = :run_id"
)


async def test_work_whose_job_was_lost_gets_another_one(stores: Stores) -> None:
    asked = await staff_service.create(stores, new_id(), BackupCreate())
    assert asked.run is not None
    run_id = str(asked.run.backup_run_id)

    async def count() -> int:
        return await stores.database.run(lambda db: db.scalar(_WAITING, {"run_id": run_id}))  # type: ignore[arg-type, return-value]

    await jobs.sweep(stores)
    assert await count() == 1
    with clock.later(seconds=61):
        await jobs.sweep(stores)
    assert await count() == 2
    await do_waiting(stores)
    with clock.later(seconds=200):
        await jobs.sweep(stores)
    assert await count() == 2


async def test_old_work_and_old_links_are_forgotten(stores: Stores) -> None:
    backup_id = await make_backup(stores.settings)
    await links_service.make(stores, new_id(), backup_id)
    await staff_service.verify(stores, new_id(), backup_id)
    await do_waiting(stores)

    async def counts() -> tuple[int, int]:
        async with stores.database.transaction() as db:
            runs = await db.scalar(select(func.count()).where(BackupRun.backup_id == backup_id))
            links = await db.scalar(select(func.count()).where(BackupLink.backup_id == backup_id))
            return runs or 0, links or 0

    await jobs.purge(stores)
    assert await counts() == (1, 1)
    with clock.at(clock.now() + timedelta(days=2)):
        await jobs.purge(stores)
    assert await counts() == (1, 0)
    with clock.at(clock.now() + jobs.KEEP_RUNS + timedelta(days=1)):
        await jobs.purge(stores)
    assert await counts() == (0, 0)


async def test_the_schedule_makes_one_backup_for_each_slot_verifies_it_and_prunes(stores: Stores) -> None:
    for setting, value in {"backup_schedule": "daily", "backup_hour": 3, "backup_keep_hourly": 0}.items():
        object.__setattr__(stores.settings, setting, value)
    try:
        await _follow_the_schedule(stores)
    finally:
        object.__setattr__(stores.settings, "backup_schedule", "off")


async def _follow_the_schedule(stores: Stores) -> None:
    async def runs() -> list[BackupRun]:
        statement = select(BackupRun).where(BackupRun.slot.is_not(None)).order_by(BackupRun.created_at)
        async with stores.database.transaction() as db:
            return list(await db.scalars(statement))

    await do_waiting(stores)
    # Four workers look at the same second.
    await asyncio.gather(*(jobs.schedule(stores) for _ in range(4)))
    [asked] = await runs()
    assert (asked.kind, asked.requested_by) == ("create", None)
    await jobs.schedule(stores)
    assert len(await runs()) == 1
    await do_waiting(stores)
    created, verified = await runs()
    assert (created.status, verified.status, verified.kind) == ("succeeded", "succeeded", "verify")
    backup = await service.get_backup(stores.settings, created.backup_id)
    assert backup.verified_ok
    # Three days without a worker: the one that is due now, and not those that were missed.
    with clock.later(days=3):
        await jobs.schedule(stores)
        await jobs.schedule(stores)
        assert len(await runs()) == 3
        await do_waiting(stores)
        assert [run.status for run in await runs()] == ["succeeded"] * 4


async def test_a_scheduled_backup_that_fails_is_announced(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise BackupToolsUnavailable

    monkeypatch.setattr(running_service, "create", away)
    await stores.database.run(lambda db: staff_service.add_scheduled(db, "hourly 2026-11-22 10"))
    for _ in range(running_service.ATTEMPTS):
        await do_waiting(stores)
    statement = select(EventRow.payload).where(EventRow.topic == "BackupRunFailed")
    async with stores.database.transaction() as db:
        [event] = list(await db.scalars(statement))
    assert (event["failure"], event["scheduled"]) == ("backup_tools_unavailable", True)
