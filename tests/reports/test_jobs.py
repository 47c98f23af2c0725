"""Jobs of reports: the file is made by its job, and one whose job was lost is found."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.reports import files_service, jobs
from tests.reports.test_making_service import ask, row_of


async def _jobs_for(stores: Stores, file_id: UUID) -> int:
    query = text(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = :name AND args ->> 'file_id' = :id"
    )
    async with stores.database.transaction() as db:
        return int((await db.execute(query, {"name": files_service.MAKE, "id": str(file_id)})).scalar_one())


async def test_a_file_whose_job_was_lost_gets_another_one(shop: Stores) -> None:
    file_id, _ = await ask(shop)
    assert await _jobs_for(shop, file_id) == 1
    await jobs.sweep(shop)
    assert await _jobs_for(shop, file_id) == 1
    with clock.later(seconds=61):
        await jobs.sweep(shop)
    assert await _jobs_for(shop, file_id) == 2
    await jobs.make(shop, str(file_id))
    await jobs.make(shop, str(file_id))
    row = await row_of(shop, file_id)
    assert (row.status, row.attempts) == ("ready", 1)
