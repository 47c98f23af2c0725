"""Only what a restore made or left is listed, and nothing else can be deleted."""

from __future__ import annotations

import pytest
from psycopg import sql

from gencharge.backups import copies_service, crud, documents_crud, journal_crud
from gencharge.backups.errors import BackupDatabaseNotFound, BackupRestoreAlreadyRunning
from gencharge.core.postgres.maintenance import comment_of
from gencharge.core.settings import Settings
from tests.make.backups import databases_of

STAMPS = ("20261122t101500z", "20261123t101500z")


def name_of(settings: Settings, middle: str) -> str:
    return f"{settings.database_name.removesuffix('_test')}_{middle}_test"


@pytest.fixture
def copies(settings: Settings) -> list[str]:
    """Two databases that restores left, and three that look nearly so."""
    own = [name_of(settings, f"before_{STAMPS[0]}"), name_of(settings, f"restored_0a1b2c3d_{STAMPS[1]}")]
    others = [name_of(settings, "before"), name_of(settings, "before_x"), f"x_{own[0]}"]
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        for name in own + others:
            crud.drop_database(connection, name)
            crud.add_database(connection, name)
    return own


async def test_what_restores_left_is_listed_and_deleted_with_what_belongs_to_it(
    settings: Settings, copies: list[str]
) -> None:
    listed = await copies_service.list_copies(settings)
    assert [each.database for each in listed] == copies[::-1]
    assert [each.purpose for each in listed] == ["restored", "before"]
    assert f"{listed[0].made_at:%Y-%m-%dT%H:%M:%S%z}" == "2026-11-23T10:15:00+0000"
    assert listed[0].size_bytes > 1_000_000
    with documents_crud.opened(settings, listed[1].mongo_database) as documents:
        documents["x"].insert_one({})
        await copies_service.drop(settings, copies[0])
        assert documents.list_collection_names() == []
    assert [each.database for each in await copies_service.list_copies(settings)] == copies[1:]


@pytest.mark.parametrize("middle", ["before", "before_x", "restored_20261122t101500z"])
async def test_nothing_else_is_deleted(settings: Settings, copies: list[str], middle: str) -> None:
    for name in (
        settings.database_name,
        "postgres",
        name_of(settings, middle),
        f"x_{copies[0]}",
        "",
        "'; --",
    ):
        before = databases_of(settings)
        with pytest.raises(BackupDatabaseNotFound):
            await copies_service.drop(settings, name)
        assert databases_of(settings) == before


async def test_what_a_restore_is_at_is_not_deleted(settings: Settings, copies: list[str]) -> None:
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        journal_crud.set_comment(connection, settings.database_name, comment_of({"aside": copies[0]}))
        try:
            with pytest.raises(BackupRestoreAlreadyRunning):
                await copies_service.drop(settings, copies[0])
        finally:
            statement = sql.SQL("COMMENT ON DATABASE {} IS NULL")
            connection.execute(statement.format(sql.Identifier(settings.database_name)))
