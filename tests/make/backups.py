"""Backups to test with: settings with a folder of their own, an archive in memory, a backup that was made."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.backups import crud, documents_crud, running_service
from gencharge.backups.archive import ArchiveReader, ArchiveWriter
from gencharge.backups.create_service import Plan, create
from gencharge.backups.models import BackupRun
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

KEY = bytes(range(32))
HEADER = {
    "format": 1,
    "revision": "0001",
    "gencharge": "0.1.0",
    "postgres_major": 18,
    "roles": [],
    "selection": [],
}


def silent(_stage: str, _done: int) -> None:
    return


def with_folder(settings: Settings, folder: Path, **overrides: object) -> Settings:
    """The settings, with the backups in a folder of the test's own."""
    return settings.model_copy(update={"backup_dir": folder / "backups", **overrides})


async def make_backup(settings: Settings, **plan: Any) -> str:
    """Make a backup; its id."""
    description = await create(settings, Plan(**plan))
    return str(description["backup_id"])


def archive_of(
    parts: dict[str, bytes], *, key: bytes | None = None, header: dict[str, Any] = HEADER
) -> bytes:
    """An archive with these parts."""
    file = io.BytesIO()
    writer = ArchiveWriter(file.write, key=key, header=header)
    for name, content in parts.items():
        with writer.part(name) as part:
            part.write(content)
    writer.finish({"about": "a test"})
    return file.getvalue()


def contents_of(archive: bytes, *, key: bytes | None = None) -> dict[str, bytes]:
    """The parts of an archive."""
    contents: dict[str, bytes] = {}
    for part, _, content in ArchiveReader(io.BytesIO(archive), key=key).segments():
        contents[part] = contents.get(part, b"") + content
    return contents


def databases_of(settings: Settings, like: str = "") -> list[str]:
    """The databases of the server whose names hold that of this worker's own: other workers make some, too."""
    like = like or f"%{settings.database_name.removesuffix('_test')}%"
    with crud.connected(settings.migration_url, "postgres") as connection:
        return crud.list_databases(connection, like)


async def holds(_settings: Settings) -> tuple[bool, list[str]]:
    """A proof that always holds."""
    return True, ["ok    all is well"]


async def fails(_settings: Settings) -> tuple[bool, list[str]]:
    """A proof that never holds."""
    return False, ["FAIL  a wallet is overdrawn"]


async def do_waiting(stores: Stores, proof: Proof = holds) -> None:
    """Do all work on backups that waits, as a worker does; what follows from it, too."""
    waiting = select(BackupRun.run_id).where(BackupRun.status == "waiting").order_by(BackupRun.created_at)
    while run_ids := await stores.database.run(lambda db: _all(db, waiting)):
        for run_id in run_ids:
            await running_service.run(stores, run_id, [proof])


async def _all(db: AsyncSession, statement: Any) -> list[Any]:
    return list(await db.scalars(statement))


async def run_of(stores: Stores, run_id: object) -> BackupRun:
    """The row of work on a backup."""
    statement = select(BackupRun).where(BackupRun.run_id == run_id)
    [run] = await stores.database.run(lambda db: _all(db, statement))
    assert isinstance(run, BackupRun)
    return run


def delete_databases_of(own: Settings) -> None:
    """Delete the databases of an installation, and what restores of it made."""
    name = own.database_name
    base = name.removesuffix("_test")
    with crud.connected(own.migration_url, "postgres", autocommit=True) as connection:
        for database in crud.list_databases(connection, f"%{base}%"):
            crud.drop_database(connection, database)
    with documents_crud.opened(own) as documents:
        for database in documents.client.list_database_names():
            if base in database:
                documents.client.drop_database(database)


def mark(own: Settings, text: str) -> None:
    """Write into both stores which state this is."""
    with psycopg.connect(own.migration_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS state_mark (mark text)")
        connection.execute("DELETE FROM state_mark")
        connection.execute("INSERT INTO state_mark VALUES (%s)", (text,))
    with documents_crud.opened(own) as documents:
        documents["marks"].replace_one({"_id": 1}, {"mark": text}, upsert=True)
        documents[text.replace(" ", "_")].insert_one({})


def marks(own: Settings, database: str = "", mongo_database: str = "") -> tuple[str, str]:
    """Which state PostgreSQL and MongoDB are in."""
    with psycopg.connect(own.migration_url, dbname=database or own.database_name) as connection:
        row = connection.execute("SELECT mark FROM state_mark").fetchone()
    with documents_crud.opened(own, mongo_database or own.mongo_database) as documents:
        document = documents["marks"].find_one({"_id": 1})
    assert row is not None
    assert document is not None
    return row[0], document["mark"]
