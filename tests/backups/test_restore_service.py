"""A restore brings all of it back into new databases, or leaves nothing behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from gencharge.backups import crud, documents_crud, names, restore_service, service
from gencharge.backups.create_service import open_backups
from gencharge.backups.errors import (
    BackupDatabaseAlreadyExists,
    RestoreFailed,
)
from gencharge.backups.examine_service import Location
from gencharge.backups.restore_service import Target, restore
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.stores import Stores
from tests.make.backups import archive_of, databases_of, make_backup, silent
from tests.make.money import make_customer


def target_of(settings: Settings, purpose: str = "restored") -> Target:
    return service.scratch_target(settings, "x" * 8, purpose)


async def location_of(settings: Settings, backup_id: str) -> Location:
    return service.location_of(settings, await service.get_backup(settings, backup_id))


async def test_rows_documents_indexes_and_files_come_back(
    own: Settings, stores: Stores, tmp_path: Path
) -> None:
    user_id = await make_customer(stores)
    marks = stores.documents["restored_marks"]
    await marks.drop()
    await marks.create_index([("at", 1)], name="in_time", unique=True)
    await marks.insert_many([{"_id": number, "at": number} for number in range(2_500)])
    await open_storage(own).put("receipts/2026/one.pdf", b"%PDF-1.7", "application/pdf")
    await open_storage(own).put("receipts/2026/two.pdf", b"%PDF-2", "application/pdf")
    backup_id = await make_backup(own)
    await open_storage(own).delete("receipts/2026/one.pdf")
    await open_storage(own).put("receipts/2026/two.pdf", b"newer", "application/pdf")
    target = Target(*[target_of(own).database] * 2)
    restored = await restore(own, await location_of(own, backup_id), target, progress=silent)
    try:
        assert restored.problems == []
        with psycopg.connect(restore_service.settings_of(own, target).postgres_url) as connection:
            row = connection.execute("SELECT posted FROM wallets WHERE user_id = %s", (user_id,)).fetchone()
            assert row == (500_000,)
            # The application's role may still not change history.
            connection.execute("SET ROLE gencharge_app")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM transfers")
        with documents_crud.opened(own, target.mongo_database) as documents:
            assert documents["restored_marks"].count_documents({}) == 2_500
            assert documents["restored_marks"].index_information()["in_time"]["unique"] is True
        assert await open_storage(own).get("receipts/2026/one.pdf") == b"%PDF-1.7"
        assert await open_storage(own).get("receipts/2026/two.pdf") == b"newer"
    finally:
        await restore_service.drop(own, target)


async def test_an_existing_database_is_never_written_to(own: Settings) -> None:
    location = await location_of(own, await make_backup(own))
    with pytest.raises(BackupDatabaseAlreadyExists, match=own.database_name):
        await restore(own, location, Target(own.database_name, "nothing_here"), progress=silent)
    # Nobody else may have put anything there in this run.
    with documents_crud.opened(own) as documents:
        documents["present"].insert_one({})
    with pytest.raises(BackupDatabaseAlreadyExists, match="MongoDB"):
        await restore(own, location, Target(target_of(own).database, own.mongo_database), progress=silent)
    with documents_crud.opened(own) as documents:
        documents.drop_collection("present")


async def test_what_fails_halfway_leaves_nothing(
    own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = {
        "format": 1,
        "revision": migrations.head(),
        "gencharge": "0.1.0",
        "postgres_major": 18,
        "roles": [],
        "selection": [],
    }
    path = tmp_path / "bad.tar.zst"
    path.write_bytes(archive_of({"postgres.dump": b"no dump at all"}, header=header))
    before = databases_of(own)
    with pytest.raises(RestoreFailed, match="unchanged"):
        await restore(own, Location(open_backups(own), path=path), target_of(own), progress=silent)
    backup_id = await make_backup(own)
    shutil.copy(own.backup_dir / names.archive_key(backup_id, sealed=False), path)

    def crash(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(restore_service._Filling, "finish", crash)
    target = target_of(own)
    with pytest.raises(RuntimeError):
        await restore(own, Location(open_backups(own), path=path), target, progress=silent)
    assert databases_of(own) == before
    with documents_crud.opened(own, target.mongo_database) as documents:
        assert documents.list_collection_names() == []


async def test_what_is_not_as_it_was_is_said(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    backup_id = await make_backup(own)
    true_contents = restore_service._Filling.contents

    def other(self: restore_service._Filling, of_backup: dict[str, object]) -> dict[str, object]:
        contents = true_contents(self, of_backup)
        contents["tables"]["plans"] = {"rows": 99, "checksum": "1"}
        return contents

    monkeypatch.setattr(restore_service._Filling, "contents", other)
    target = target_of(own)
    restored = await restore(own, await location_of(own, backup_id), target, progress=silent)
    await restore_service.drop(own, target)
    assert len(restored.problems) == 1
    assert "plans is {'rows': 99" in restored.problems[0]


async def test_what_is_restored_has_statistics(own: Settings) -> None:
    backup_id = await make_backup(own)
    target = target_of(own)
    await restore(own, await location_of(own, backup_id), target, progress=silent)
    try:
        with crud.connected(own.migration_url, target.database) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_class WHERE relname = 'alembic_version' AND reltuples = 1"
            ).fetchone()
        assert row == (1,)
    finally:
        await restore_service.drop(own, target)
