"""Work that nobody does is asked for again; old work and old links are forgotten."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, text

from gencharge.backups import jobs, links_service, staff_service
from gencharge.backups.models import BackupLink, BackupRun
from gencharge.backups.staff_schemas import BackupCreate
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
