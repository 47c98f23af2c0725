"""The databases that restores made or left beside the live one: which there are, and deleting one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime

from gencharge.backups import crud, documents_crud, journal_crud, names
from gencharge.backups.crud import Connection
from gencharge.backups.errors import BackupDatabaseNotFound, BackupRestoreAlreadyRunning
from gencharge.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Copy:
    """A database that a restore made (`restored`) or left (`before`). `mongo_database`: what belongs to it in MongoDB."""

    database: str
    mongo_database: str
    purpose: str
    made_at: datetime
    size_bytes: int


async def list_copies(settings: Settings) -> list[Copy]:
    """The databases, the newest first. Raises psycopg.Error."""
    return await asyncio.to_thread(_list, settings)


async def find(settings: Settings, database: str) -> Copy:
    """One of them. Raises BackupDatabaseNotFound for any other database."""
    own = next((each for each in await list_copies(settings) if each.database == database), None)
    if own is None:
        raise BackupDatabaseNotFound
    return own


async def drop(settings: Settings, database: str) -> None:
    """Delete one, and what belongs to it in MongoDB. Raises BackupDatabaseNotFound for any other database, BackupRestoreAlreadyRunning."""
    await asyncio.to_thread(_drop, settings, await find(settings, database))


def count(settings: Settings, connection: Connection) -> int:
    """How many there are."""
    return len(journal_crud.list_copies(connection, _pattern(crud.database_of(settings.migration_url))))


def _list(settings: Settings) -> list[Copy]:
    live = crud.database_of(settings.migration_url)
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        rows = journal_crud.list_copies(connection, _pattern(live))
    copies = [_copy_of(settings, live, name, size) for name, size, _ in rows]
    return sorted(copies, key=lambda each: each.made_at, reverse=True)


def _copy_of(settings: Settings, live: str, name: str, size: int) -> Copy:
    match = re.fullmatch(_pattern(live), name)
    assert match is not None, "PostgreSQL found it by the same pattern"
    purpose, stamp = match[1], match[2]
    return Copy(
        name,
        names.derived_database(settings.mongo_database, purpose, stamp),
        purpose.partition("_")[0],
        datetime.strptime(f"{stamp}+0000", "%Y%m%dt%H%M%Sz%z"),
        size,
    )


def _pattern(live: str) -> str:
    """A regular expression for Python and PostgreSQL: the names of `names.derived_database` for these purposes."""
    stamp = "00000000t000000z"
    example = names.derived_database(live, "before", stamp)
    beginning, _, ending = example.partition(f"_before_{stamp}")
    # A longer purpose leaves less of a long name; both are cut at the same place if the name is short enough.
    return f"^{re.escape(beginning)}_(before|restored(?:_[0-9a-f]{{8}})?)_([0-9]{{8}}t[0-9]{{6}}z){re.escape(ending)}$"


def _drop(settings: Settings, own: Copy) -> None:
    url = settings.migration_url
    with crud.connected(url, "postgres", autocommit=True) as connection:
        journal = journal_crud.get_journal(connection, crud.database_of(url))
        if own.database in {journal.get("new"), journal.get("aside")}:
            raise BackupRestoreAlreadyRunning
        with documents_crud.opened(settings, own.mongo_database) as documents:
            documents_crud.drop(documents)
        crud.drop_database(connection, own.database)
