"""The figures of backups are those of the list and of the work."""

from __future__ import annotations

import shutil

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from gencharge.backups import measuring_service, staff_service
from gencharge.backups.staff_schemas import BackupCreate
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.backups import do_waiting, fails, holds, make_backup
from tests.make.recharge import staff_headers


async def test_figures_say_what_there_is_and_how_the_work_went(
    app: FastAPI, stores: Stores, client: httpx.AsyncClient
) -> None:
    shutil.rmtree(str(stores.settings.backup_dir), ignore_errors=True)
    await stores.database.run(lambda db: db.execute(text("DELETE FROM backup_runs")))
    headers = await staff_headers(app, stores, "SuperAdmin")

    async def figures() -> dict[str, object]:
        answer = await client.get("/v1/backups/figures", headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    empty = await figures()
    assert (empty["backups"], empty["last_good"], empty["last_good_age_seconds"]) == (0, None, None)
    first = await staff_service.create(stores, new_id(), BackupCreate())
    await do_waiting(stores)
    await staff_service.verify(stores, new_id(), first.backup)
    await do_waiting(stores, holds)
    second = await make_backup(stores.settings)
    await make_backup(stores.settings, tables=["plans"])
    await staff_service.verify(stores, new_id(), second)
    await do_waiting(stores, fails)
    full = await figures()
    assert (full["backups"], full["newest"], full["last_good"]) == (3, second, first.backup)
    assert isinstance(full["periods"], list)
    week = full["periods"][0]
    assert (week["created"], week["verified"], week["failed"], week["success_percent"]) == (1, 1, 1, 66.7)
    assert week["largest_bytes"] > 0
    assert isinstance(full["days"], list)
    assert len(full["days"]) == 30
    assert full["days"][0]["created"] == 1
    await measuring_service.tell(stores.settings)
    assert measuring_service.LAST_GOOD._value.get() > 0
    assert measuring_service.SIZE._value.get() > 0
