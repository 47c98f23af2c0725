"""Restoring a backup: into new databases, which get their names when they are whole and have been compared with the manifest.

The archive is read twice. The first pass touches nothing and refuses whatever is wrong with it; the second one restores. A process that
dies in between leaves a database whose name begins with `incomplete_`, and nothing else: what is live is only ever replaced by renaming.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import psycopg
from pymongo.errors import PyMongoError

from gencharge.backups import (
    crud,
    documents_crud,
    dump_service,
    manifest,
    names,
    programs,
    sessions_crud,
)
from gencharge.backups.archive import ArchiveReader
from gencharge.backups.create_service import Progress, contents_of, key_of
from gencharge.backups.errors import (
    BackupDatabaseAlreadyExists,
    BackupNotPermitted,
    RestoreFailed,
)
from gencharge.backups.examine_service import Location, check_signature, examine
from gencharge.core import telemetry
from gencharge.core.database_urls import with_database
from gencharge.core.postgres import migrations
from gencharge.core.rooms.proofs import Proof
from gencharge.core.settings import Settings
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import type_of
from gencharge.core.wording import worded

log = telemetry.get_logger(__name__)
_INCOMPLETE: Final = "incomplete_"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup is restored to. `files`: put files back that are missing in the storage."""

    database: str
    mongo_database: str
    files: bool = True
    # What the database is called until it is whole: a second try of the same work finds what the first one left.
    token: str = field(default_factory=lambda: secrets.token_hex(6))


@dataclass(slots=True)
class Restored:
    """A backup that was restored. `problems`: what is not as it was; empty if all is well."""

    manifest: dict[str, Any]
    target: Target
    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def settings_of(settings: Settings, target: Target) -> Settings:
    """The same installation with the restored databases."""
    migration = settings.migration_database_url
    return settings.model_copy(
        update={
            "database_url": with_database(settings.postgres_url, target.database),
            "migration_database_url": with_database(migration, target.database) if migration else "",
            "mongo_database": target.mongo_database,
        }
    )


async def restore(
    settings: Settings,
    location: Location,
    target: Target,
    *,
    proofs: Sequence[Proof] = (),
    progress: Progress,
) -> Restored:
    """Restore a backup into databases that do not exist yet, compare them with the manifest, and run the proofs on them.

    With problems the databases are there all the same, for a look: `problems` says what is wrong. If it fails, there is nothing.
    Raises what `examine` raises, BackupDatabaseAlreadyExists, BackupToolsUnavailable, BackupNotPermitted, RestoreFailed."""
    await examine(settings, location, progress)
    loop = asyncio.get_running_loop()
    try:
        restored = await asyncio.to_thread(_restore, settings, location, target, loop, progress)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupNotPermitted(
            worded(
                "The login of the database may not do this: {reason}. Set MIGRATION_DATABASE_URL to a login that may create databases (CREATEDB).",
                reason=_reason(error),
            )
        ) from error
    except (programs.ProgramFailed, psycopg.Error, PyMongoError) as error:
        raise RestoreFailed(
            worded(
                "The backup could not be restored: {reason}. What was there before is unchanged.",
                reason=_reason(error),
            )
        ) from error
    own = settings_of(settings, target)
    if not restored.manifest["selection"]:
        await asyncio.to_thread(migrations.upgrade, own)
        for proof in proofs:
            holds, lines = await proof(own)
            restored.lines += lines
            restored.problems += [] if holds else lines
    return restored


async def drop(settings: Settings, target: Target) -> None:
    """Delete restored databases, whole or incomplete."""
    await asyncio.to_thread(_drop, settings, _incomplete(settings, target), target.mongo_database)
    await asyncio.to_thread(_drop, settings, target.database, target.mongo_database)


def _incomplete(settings: Settings, target: Target) -> str:
    return f"{_INCOMPLETE}{target.token}_{settings.database_name}"[:63]


def _reason(error: Exception) -> str:
    return telemetry.scrub(str(error).strip().partition("\n")[0])[:300]


def _restore(
    settings: Settings,
    location: Location,
    target: Target,
    loop: asyncio.AbstractEventLoop,
    progress: Progress,
) -> Restored:
    url = settings.migration_url
    # It says whose it is, for a person who finds it left over.
    incomplete = _incomplete(settings, target)
    with documents_crud.opened(settings, target.mongo_database) as documents:
        if documents.list_collection_names():
            raise BackupDatabaseAlreadyExists(
                worded("MongoDB has a database {name} already.", name=target.mongo_database)
            )
    with crud.connected(url, "postgres", autocommit=True) as connection:
        if crud.database_exists(connection, names.checked_database(target.database)):
            raise BackupDatabaseAlreadyExists(
                worded("PostgreSQL has a database {name} already.", name=target.database)
            )
        crud.add_database(connection, incomplete)
    try:
        restored = _fill(settings, location, target, incomplete, loop, progress)
        crud.rename_databases(url, [(incomplete, target.database)])
    except BaseException:
        _drop(settings, incomplete, target.mongo_database)
        raise
    log.info("backup_restored", backup_id=restored.manifest["backup_id"], database=target.database)
    return restored


def _fill(
    settings: Settings,
    location: Location,
    target: Target,
    incomplete: str,
    loop: asyncio.AbstractEventLoop,
    progress: Progress,
) -> Restored:
    filling = _Filling(settings, target, incomplete, loop, progress)
    with location.opened(loop) as source:
        reader = ArchiveReader(source, key=key_of(settings))
        parts = itertools.groupby(reader.segments(), key=lambda segment: segment[0])
        for part, segments in parts:
            filling.take(part, (content for _, _, content in segments), reader.header)
    # It is read a second time, and may be another file by now.
    check_signature(settings, reader)
    filling.finish()
    restored = Restored(reader.manifest, target)
    restored.problems += manifest.differences(reader.manifest, filling.contents(reader.manifest))
    return restored


class _Filling:
    """The thread that fills new databases with the parts of an archive."""

    def __init__(
        self,
        settings: Settings,
        target: Target,
        incomplete: str,
        loop: asyncio.AbstractEventLoop,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._target = target
        self._incomplete = incomplete
        self._loop = loop
        self._progress = progress
        self._storage = open_storage(settings)
        self._collections: list[dict[str, Any]] = []
        self._done = 0
        self._compared = 0

    def take(self, part: str, contents: Iterator[bytes], header: dict[str, Any]) -> None:
        """Restore a part."""
        if part == names.POSTGRES:
            self._fill_postgres(contents, header)
        elif part == names.COLLECTIONS:
            self._collections = orjson.loads(b"".join(contents))["collections"]
        elif part.startswith(f"{names.FILES}/"):
            self._put_file(names.key_of(part), contents)
        else:
            self._fill_collection(names.collection_of(part), contents)

    def finish(self) -> None:
        """Make the indexes of MongoDB, after the documents."""
        with documents_crud.opened(self._settings, self._target.mongo_database) as documents:
            for description in self._collections:
                documents_crud.add_indexes(documents, description)

    def contents(self, of_backup: dict[str, Any]) -> dict[str, Any]:
        """What is in the databases now, in the words of the manifest."""
        url = self._settings.migration_url
        with crud.connected(url, self._incomplete) as snapshot:
            crud.begin_snapshot(snapshot)
            # Nobody writes into it yet, so sessions with snapshots of their own see the same.
            fingerprints = sessions_crud.for_each_table(
                url,
                self._incomplete,
                crud.list_tables_by_size(snapshot),
                self._fingerprint,
                begin=crud.begin_snapshot,
            )
            contents = contents_of(snapshot, crud.list_tables(snapshot), self._progress, fingerprints)
        if not of_backup["selection"]:
            with documents_crud.opened(self._settings, self._target.mongo_database) as documents:
                contents["collections"] = documents_crud.count_documents(documents)
        return contents

    def _fingerprint(self, session: crud.Connection, table: str) -> tuple[int, str]:
        fingerprint = crud.get_fingerprint(session, table)
        self._compared += 1
        self._progress("counts", self._compared)
        return fingerprint

    def _fill_postgres(self, contents: Iterator[bytes], header: dict[str, Any]) -> None:
        url = self._settings.migration_url
        with crud.connected(url, "postgres", autocommit=True) as connection:
            major, _ = crud.get_server_version(connection)
            for role in header["roles"]:
                crud.add_role(connection, role)
        tools = programs.find_tools(major, self._settings.postgres_bin_dir)
        counted = (self._count("PostgreSQL", content) for content in contents)
        dump_service.restore(
            tools, url, self._incomplete, counted, lambda indexes: self._progress("indexes", indexes)
        )
        with crud.connected(url, self._incomplete, autocommit=True) as connection:
            tables = crud.list_tables_by_size(connection)
        sessions_crud.for_each_table(url, self._incomplete, tables, crud.analyze)

    def _fill_collection(self, collection: str, contents: Iterator[bytes]) -> None:
        description = next((each for each in self._collections if each["name"] == collection), None)
        with documents_crud.opened(self._settings, self._target.mongo_database) as documents:
            if description is not None:
                documents_crud.add_collection(documents, description)
            counted = (self._count("MongoDB", content) for content in contents)
            documents_crud.add_documents(documents, collection, documents_crud.batches_of(counted))

    def _put_file(self, key: str, contents: Iterator[bytes]) -> None:
        """Put a file back that is missing. One that is there is newer, or the same: its key is never used again."""
        present = self._wait(self._storage.exists(key))
        if not self._target.files or present:
            for _ in contents:
                pass
            return
        # Uploads and receipts are a few MB at most.
        content = b"".join(contents)
        self._wait(self._storage.put(key, content, type_of(key)))
        self._count("files", content)

    def _count(self, stage: str, content: bytes) -> bytes:
        self._done += len(content)
        self._progress(stage, self._done)
        return content

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _drop(settings: Settings, database: str, mongo_database: str) -> None:
    with documents_crud.opened(settings, mongo_database) as documents:
        documents_crud.drop(documents)
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        crud.drop_database(connection, database)
