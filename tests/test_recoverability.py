"""What the doctor says of backups, of the archive of the log, and of a restore that keeps everything closed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from gencharge.backups import base_service, crud, journal_crud
from gencharge.core.postgres.maintenance import comment_of
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import recoverability
from gencharge.run.embedded import EmbeddedServers
from gencharge.run.report import Row
from tests.make.backups import silent, with_folder


@pytest.fixture
def own(settings: Settings, tmp_path: Path, stores: Stores) -> Settings:
    del stores
    return with_folder(settings, tmp_path)


def rows_of(settings: Settings) -> dict[str, Row]:
    return {row.what: row for row in recoverability.examine(settings)}


def test_without_an_archive_only_the_backups_are_spoken_of(own: Settings) -> None:
    assert list(rows_of(own)) == ["Backups"]


@pytest.mark.parametrize(("closed", "problem"), [(True, "backup restore --resume"), (False, "")])
def test_a_restore_in_place_is_named_and_how_it_ends_if_it_was_interrupted(
    own: Settings, closed: bool, problem: str
) -> None:
    journal = {
        "backup_id": "20261120t120000z-00000000",
        "begun_at": "2026-11-20",
        "step": "closed",
        "closed": closed,
    }
    with crud.connected(own.migration_url, "postgres", autocommit=True) as connection:
        journal_crud.set_comment(connection, own.database_name, comment_of(journal))
        try:
            row = rows_of(own)["Restore"]
        finally:
            journal_crud.set_comment(connection, own.database_name, None)
    assert "20261120t120000z-00000000" in row.origin
    assert problem in row.problem
    assert bool(row.problem) is closed


def test_an_archive_says_what_can_be_reached_and_what_it_lacks(own: Settings) -> None:
    folder = Path(tempfile.mkdtemp(prefix="gencharge-doctor-"))
    folder.chmod(0o755)
    changes = {"data_dir": folder / "data", "backup_wal_dir": folder / "archive", "database_url": ""}
    archiving = own.model_copy(update=changes)
    servers = EmbeddedServers(folder / "data", ["postgres"])
    servers.postgres.wal_dir = archiving.backup_wal_dir
    try:
        with servers:
            assert "`gencharge backup base` makes one" in rows_of(archiving)["Point in time"].problem
            base_service.create(archiving, silent)
            row = rows_of(archiving)["Point in time"]
            assert row.problem == ""
            assert row.state.startswith("each instant from 20")
        with EmbeddedServers(folder / "data", ["postgres"]):
            assert "start the stores again" in rows_of(archiving)["Point in time"].problem
        assert list(rows_of(archiving)) == ["Backups"], "PostgreSQL does not answer: another row says so"
    finally:
        shutil.rmtree(folder)
