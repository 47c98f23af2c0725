"""A backup is one whole file with all that the stores hold, or there is none."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from gencharge.backups import cipher, create_service, names
from gencharge.backups.create_service import Plan, create, open_backups
from gencharge.backups.errors import (
    BackupFailed,
    BackupKeyRequired,
    BackupTablesInvalid,
    BackupToolsUnavailable,
)
from gencharge.core.events.events import emit
from gencharge.core.rooms.checks import LedgerVerified
from gencharge.core.settings import Environment, Settings
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import StorageFull
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.backups import contents_of, make_backup
from tests.make.money import make_customer


def everything_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def test_a_backup_holds_rows_documents_and_files_and_says_how_many(
    own: Settings, stores: Stores
) -> None:
    user_id = await make_customer(stores)
    event = LedgerVerified(user_id=str(user_id), checks=1, breaches=0)
    await stores.database.run(lambda db: emit(db, event))
    mark = str(new_id())
    await stores.documents["backup_marks"].insert_one({"_id": mark})
    await open_storage(own).put("receipts/2026/one.pdf", b"%PDF-1.7", "application/pdf")
    description = await create(own, Plan(description="before the upgrade"))
    archive = (own.backup_dir / names.archive_key(description["backup_id"], sealed=False)).read_bytes()
    contents = contents_of(archive)
    assert contents["postgres.dump"].startswith(b"PGDMP")
    assert mark.encode() in contents["mongo/backup_marks.bson"]
    assert contents["files/receipts/2026/one.pdf"] == b"%PDF-1.7"
    assert description["tables"]["wallets"]["rows"] >= 1
    assert description["ledger_paise"]["user:main"] == 500_000 * description["tables"]["wallets"]["rows"]
    assert sum(description["ledger_paise"].values()) == 0
    assert description["outbox"]["events"] > 0
    assert description["outbox"]["delivered_up_to"] is not None
    assert (description["description"], description["size_bytes"]) == ("before the upgrade", len(archive))


async def test_with_a_key_nothing_of_the_content_can_be_read(
    own: Settings, stores: Stores, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(cipher.new_key())
    await stores.documents["backup_marks"].insert_one({"_id": "a-mark-in-clear"})
    sealed = own.model_copy(update={"backup_key_file": tmp_path / "key"})
    backup_id = await make_backup(sealed)
    archive = (own.backup_dir / names.archive_key(backup_id, sealed=True)).read_bytes()
    assert b"a-mark-in-clear" not in archive
    assert (
        b"a-mark-in-clear"
        in contents_of(archive, key=cipher.read_key(tmp_path / "key"))["mongo/backup_marks.bson"]
    )


async def test_production_makes_no_backup_without_its_keys(own: Settings, tmp_path: Path) -> None:
    production = own.model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(BackupKeyRequired, match="BACKUP_KEY_FILE"):
        await create(production, Plan())
    (tmp_path / "key").write_text(cipher.new_key())
    with pytest.raises(BackupKeyRequired, match="BACKUP_SIGNING_KEY_FILE"):
        await create(production.model_copy(update={"backup_key_file": tmp_path / "key"}), Plan())
    assert everything_in(own.backup_dir) == []


async def test_chosen_tables_come_with_what_they_refer_to_and_unknown_ones_are_refused(own: Settings) -> None:
    description = await create(own, Plan(tables=["plans"]))
    assert "plans" in description["selection"]
    assert set(description["tables"]) == set(description["selection"])
    assert "collections" not in description
    before = everything_in(own.backup_dir)
    with pytest.raises(BackupTablesInvalid, match='no table plans"; DROP TABLE x'):
        await create(own, Plan(tables=['plans"; DROP TABLE x']))
    assert everything_in(own.backup_dir) == before


async def test_a_full_disk_leaves_nothing(own: Settings) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(StorageFull):
            await create(own, Plan())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert everything_in(own.backup_dir) == []
    await create(own, Plan())
    assert len(everything_in(own.backup_dir)) == 2


async def test_an_old_pg_dump_is_refused_before_anything_is_read(own: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupToolsUnavailable, match="found: nothing"):
        await create(own.model_copy(update={"postgres_bin_dir": tmp_path}), Plan())
    assert everything_in(own.backup_dir) == []


async def test_a_store_that_goes_away_leaves_nothing(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    away = own.model_copy(update={"mongo_url": "mongodb://127.0.0.1:1", "mongo_timeout_ms": 200})
    with pytest.raises(BackupFailed, match="Nothing was kept"):
        await create(away, Plan())

    def crash(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(create_service._Writing, "_write_files", crash)
    with pytest.raises(RuntimeError, match="a bug"):
        await create(own, Plan())
    assert everything_in(own.backup_dir) == []
    assert await open_backups(own).list_files(names.FOLDER) == []
