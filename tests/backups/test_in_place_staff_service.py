"""What was approved is done once, in the database in which it was approved, and the restored one says so."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from gencharge.approvals.models import Approval
from gencharge.backups import in_place_service, in_place_staff_service, running_service, service
from gencharge.backups.errors import BackupConfirmationMismatch, BackupInvalid
from gencharge.backups.in_place_service import Outcome, Request
from gencharge.backups.models import BackupRun
from gencharge.backups.staff_schemas import BackupRestore
from gencharge.core.rooms.acts import Approved
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.backups import holds, make_backup, run_of


async def approved(stores: Stores, backup_id: str) -> UUID:
    """A run that a second admin approved."""
    agreed = Approved({"backup_id": backup_id}, new_id(), new_id())
    await stores.database.run(lambda db: in_place_staff_service.RESTORE.run(db, agreed))

    async def newest(db: Any) -> BackupRun:
        from sqlalchemy import select

        statement = select(BackupRun).where(BackupRun.backup_id == backup_id)
        run: BackupRun = (await db.scalars(statement)).one()
        return run

    return (await stores.database.run(newest)).run_id


async def test_the_id_must_be_typed_and_the_backup_must_hold_everything(stores: Stores) -> None:
    whole = await make_backup(stores.settings)
    part = await make_backup(stores.settings, tables=["plans"])
    for confirm in ("", whole[:-1], part, whole.upper()):
        command = BackupRestore(in_place=True, confirm=confirm, reason="corrupted")
        with pytest.raises(BackupConfirmationMismatch) as refused:
            await in_place_staff_service.ask(stores, new_id(), whole, command)
        assert (refused.value.errors or [])[0]["field"] == "body.confirm"
    with pytest.raises(BackupInvalid):
        await in_place_staff_service.ask(
            stores, new_id(), part, BackupRestore(in_place=True, confirm=part, reason="corrupted")
        )
    command = BackupRestore(in_place=True, confirm=whole, reason="corrupted")
    asked = await in_place_staff_service.ask(stores, new_id(), whole, command)
    row = await stores.database.run(lambda db: db.get(Approval, asked.approval_id))
    assert row is not None
    assert row.payload == {"backup_id": whole}
    assert "not live afterwards" in asked.summary


async def test_what_was_approved_gets_who_asked_and_who_agreed(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_id = await make_backup(stores.settings)
    run_id = await approved(stores, backup_id)
    requests = list[Request]()

    async def put(_settings: object, _location: object, request: Request, **_options: object) -> Outcome:
        requests.append(request)
        return Outcome("safety", "aside", "mongo_aside", ["ok"])

    monkeypatch.setattr(in_place_service, "run", put)
    await running_service.run(stores, run_id, [holds])
    run = await run_of(stores, run_id)
    assert (requests[0].requested_by, requests[0].approved_by) == (
        run.options["requested_by"],
        run.options["approved_by"],
    )
    assert requests[0].requested_by != requests[0].approved_by


async def test_a_copy_of_the_database_does_not_do_it_once_more(stores: Stores) -> None:
    backup_id = await make_backup(stores.settings)
    run_id = await approved(stores, backup_id)

    async def elsewhere(db: Any) -> None:
        run = await db.get(BackupRun, run_id)
        run.options = run.options | {"database_oid": 1}

    await stores.database.run(elsewhere)
    await running_service.run(stores, run_id, [holds])
    run = await run_of(stores, run_id)
    assert run.status == "failed"
    assert "copy" in run.result["problems"][0]
    assert [one for one in await service.list_backups(stores.settings) if "Before the" in str(one)] == []
