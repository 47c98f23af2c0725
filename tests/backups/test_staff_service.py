"""The list joins what is in the storage with what workers are at; failures leave it after a month."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from gencharge.backups import service, staff_service
from gencharge.backups.errors import BackupRunAlreadyEnded, BackupRunNotFound
from gencharge.backups.staff_schemas import BackupCreate, BackupQuery, BackupStatus
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.backups import do_waiting


async def test_what_failed_is_listed_for_a_month_and_what_was_deleted_is_not(stores: Stores) -> None:
    stored = await staff_service.create(stores, new_id(), BackupCreate())
    await do_waiting(stores)
    failed = await staff_service.create(stores, new_id(), BackupCreate(description="without room"))
    ended = text(
        "UPDATE backup_runs SET status = 'failed', failure = 'storage_full' WHERE status = 'waiting'"
    )
    await stores.database.run(lambda db: db.execute(ended))

    async def names(query: BackupQuery) -> list[str]:
        return [each.backup for each in (await staff_service.list_backups(stores, query)).items]

    assert await names(BackupQuery(status=BackupStatus.FAILED)) == [failed.backup]
    assert set(await names(BackupQuery())) >= {stored.backup, failed.backup}
    shown = await staff_service.get(stores, failed.backup)
    assert (shown.status, shown.run and shown.run.failure) == ("failed", "storage_full")
    with clock.at(clock.now() + service.SHOW_FAILED + timedelta(days=1)):
        assert failed.backup not in await names(BackupQuery())
    await staff_service.delete(stores, stored.backup)
    assert stored.backup not in await names(BackupQuery())


async def test_work_is_cancelled_once(stores: Stores) -> None:
    asked = await staff_service.create(stores, new_id(), BackupCreate())
    assert asked.run is not None
    run_id = asked.run.backup_run_id
    assert (await stores.database.run(lambda db: staff_service.cancel(db, run_id))).status == "cancelled"
    with pytest.raises(BackupRunAlreadyEnded):
        await stores.database.run(lambda db: staff_service.cancel(db, run_id))
    with pytest.raises(BackupRunNotFound):
        await stores.database.run(lambda db: staff_service.cancel(db, new_id()))
