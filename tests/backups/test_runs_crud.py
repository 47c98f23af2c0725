"""One piece of work of a kind for a backup, one for a slot; a link is taken once, also by many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gencharge.backups import runs_crud
from gencharge.backups.models import BackupRun
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id

BACKUP = "20261122t000000z-0a1b2c3d"


async def add(stores: Stores, backup_id: str, slot: str | None = None) -> BackupRun | None:
    return await stores.database.run(
        lambda db: runs_crud.add_run(
            db,
            run_id=new_id(),
            kind="create",
            backup_id=backup_id,
            requested_by=None,
            slot=slot,
            options={},
            created_at=clock.now(),
        )
    )


async def test_of_many_that_add_the_same_work_one_does(stores: Stores) -> None:
    added = await asyncio.gather(*(add(stores, BACKUP) for _ in range(10)))
    assert len([run for run in added if run is not None]) == 1
    slots = await asyncio.gather(*(add(stores, f"{BACKUP}{n}", "daily 2026-11-22") for n in range(10)))
    assert len([run for run in slots if run is not None]) == 1


async def test_of_many_that_take_a_link_one_gets_it(stores: Stores) -> None:
    link_id, now = new_id(), clock.now()
    await stores.database.run(
        lambda db: runs_crud.add_link(
            db,
            link_id=link_id,
            backup_id=BACKUP,
            requested_by=new_id(),
            expires_at=now + timedelta(minutes=10),
        )
    )

    async def take(backup_id: str = BACKUP) -> bool:
        return (
            await stores.database.run(
                lambda db: runs_crud.take_link(db, link_id, backup_id=backup_id, now=now)
            )
            is not None
        )

    assert not await take("20261122t000000z-00000000")
    assert sum(await asyncio.gather(*(take() for _ in range(10)))) == 1


async def test_all_tables_are_known(stores: Stores) -> None:
    names = await stores.database.run(runs_crud.list_table_names)
    assert {"users", "transfers", "alembic_version"} <= set(names)
