"""A small installation with something in each store, and a folder for its backups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from psycopg import sql

from gencharge.backups import crud
from gencharge.core.database_urls import with_database
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.backups import delete_databases_of, mark, with_folder


@pytest.fixture
def own(settings: Settings, tmp_path: Path, stores: Stores) -> Settings:
    """The settings of this file's databases, with the backups and the files in folders of the test's own."""
    del stores
    return with_folder(settings, tmp_path, storage_dir=tmp_path / "storage")


@pytest.fixture
async def live(settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    """An installation of the test's own, with a mark `old` in PostgreSQL and in MongoDB."""
    name = f"live_{settings.database_name}"
    own = with_folder(
        settings,
        tmp_path,
        storage_dir=tmp_path / "storage",
        database_url=with_database(settings.postgres_url, name),
        mongo_database=name,
    )
    delete_databases_of(own)
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        crud.end_sessions(connection, settings.database_name)
        template = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(template.format(sql.Identifier(name), sql.Identifier(settings.database_name)))
    mark(own, "backed up")
    yield own
    delete_databases_of(own)
