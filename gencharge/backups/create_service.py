"""Making a backup: one file of all that the stores hold.

PostgreSQL is one snapshot: pg_dump joins the one in which the rows are counted. MongoDB is read after it, so an event that was delivered
before the snapshot is in the MongoDB part, and one that was not is in the outbox of the PostgreSQL part: a restored worker delivers it,
and its id keeps it from being there twice. What MongoDB got after the snapshot may be in the backup, too.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Final

import orjson
import psycopg
from pymongo.errors import PyMongoError

from gencharge.backups import cipher, crud, documents_crud, manifest, names, programs, signatures
from gencharge.backups.archive import ArchiveWriter
from gencharge.backups.errors import BackupFailed, BackupKeyRequired
from gencharge.backups.pace import Pace
from gencharge.backups.streams import Stopped, ThreadInput, ThreadOutput
from gencharge.core import telemetry
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import MOST_LISTED, Storage, StoredFileNotFound, type_of
from gencharge.core.values import clock
from gencharge.core.wording import worded

log = telemetry.get_logger(__name__)
Progress = Callable[[str, int], None]
_PIPE_BYTES: Final = 1024 * 1024


def _silent(_stage: str, _done: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Plan:
    """A backup to be made. `tables`: only these and what they refer to, without MongoDB and files; empty: everything."""

    description: str = ""
    tables: Sequence[str] = ()
    progress: Progress = _silent
    backup_id: str = field(default_factory=lambda: names.new_backup_id(clock.now(), secrets.token_hex(3)[:5]))


def open_backups(settings: Settings) -> Storage:
    """Where backups are kept: the bucket for them, or the folder."""
    if settings.backup_bucket:
        return S3Storage.of(settings.model_copy(update={"storage_bucket": settings.backup_bucket}))
    return FolderStorage(settings.backup_dir or settings.data_dir / "backups")


def key_of(settings: Settings) -> bytes | None:
    """The key of the backups; None if none is set. Raises BackupKeyInvalid, OSError."""
    return cipher.read_key(settings.backup_key_file) if settings.backup_key_file else None


async def create(settings: Settings, plan: Plan) -> dict[str, Any]:
    """Make a backup, and return what is known of it. It is in the list when it is whole, and not before.

    Raises BackupKeyRequired in production without a key to encrypt with and one to sign with, BackupTablesInvalid, BackupToolsUnavailable, BackupFailed,
    StorageUnavailable."""
    key = key_of(settings)
    if not settings.is_development:
        if key is None:
            raise BackupKeyRequired(
                "In production backups are encrypted: set BACKUP_KEY_FILE. `gencharge backup key` makes a key."
            )
        if settings.backup_signing_key_file is None:
            raise BackupKeyRequired(
                "In production backups are signed: set BACKUP_SIGNING_KEY_FILE. `gencharge backup signing-key` makes a key."
            )
    storage, started = open_backups(settings), clock.now()
    writing = _Writing(settings, plan, key, asyncio.get_running_loop())
    output = ThreadOutput(writing.run)
    archive = names.archive_key(plan.backup_id, sealed=key is not None)
    description: dict[str, Any] = {}

    async def pieces() -> Any:
        async for piece in output.pieces():
            yield piece
        # Written before the archive has its name: an archive that is listed is described.
        description.update(
            writing.manifest
            | {
                "encrypted": key is not None,
                "size_bytes": output.size_bytes,
                "duration_seconds": round((clock.now() - started).total_seconds(), 3),
            }
        )
        await write_description(storage, plan.backup_id, description)

    try:
        async with output:
            await storage.put(archive, pieces(), type_of(archive))
    except (programs.ProgramFailed, psycopg.Error, PyMongoError, Stopped) as error:
        reason = telemetry.scrub(str(error).partition("\n")[0])[:300]
        raise BackupFailed(
            worded("The backup could not be made: {reason}. Nothing was kept.", reason=reason)
        ) from error
    finally:
        if not await storage.exists(archive):
            await storage.delete(names.description_key(plan.backup_id))
    log.info("backup_created", backup_id=plan.backup_id, size_bytes=description["size_bytes"])
    return description


async def write_description(storage: Storage, backup_id: str, description: dict[str, Any]) -> None:
    """Keep what is known of a backup beside its archive."""
    content = orjson.dumps(description, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    await storage.put(names.description_key(backup_id), content, "application/json")


class _Writing:
    """The thread that writes an archive."""

    def __init__(
        self, settings: Settings, plan: Plan, key: bytes | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._key = key
        self._loop = loop
        self._pace = Pace()
        self.manifest: dict[str, Any] = {}

    def run(self, write: Callable[[bytes], None]) -> None:
        """Write the archive and its manifest."""
        url = self._settings.migration_url
        # pg_dump, which it starts, inherits that.
        programs.yield_to_others(threading.get_native_id())
        with crud.connected(url) as snapshot:
            crud.begin_snapshot(snapshot)
            name, instant = crud.export_snapshot(snapshot)
            major, postgres = crud.get_server_version(snapshot)
            tools = programs.find_tools(major, self._settings.postgres_bin_dir)
            tables = crud.list_tables(snapshot)
            if not tables:
                raise BackupFailed(
                    "The database has no tables, so there is nothing to back up. Is DATABASE_URL (or DATA_DIR) right?"
                )
            selection = self._selection(snapshot, tables)
            header = {
                "format": manifest.FORMAT,
                "backup_id": self._plan.backup_id,
                "gencharge": version("gencharge"),
                "revision": crud.get_revision(snapshot) or migrations.head(),
                "postgres_major": major,
                "roles": crud.list_roles(snapshot),
                "selection": selection,
                "snapshot_at": instant.isoformat(),
            }
            archive = ArchiveWriter(write, key=self._key, header=header)
            self._write_dump(archive, tools, name, selection)
            self.manifest = header | {
                "description": self._plan.description,
                "postgres": postgres,
                "pg_dump": tools.version,
                **contents_of(snapshot, selection or tables, self._plan.progress, rest=self._pace.rest),
            }
        if not selection:
            self._write_documents(archive)
            self._write_files(archive)
        self.manifest["parts"] = archive.digests.as_parts()
        if (key_file := self._settings.backup_signing_key_file) is not None:
            self.manifest[signatures.FIELD] = signatures.sign(key_file, self.manifest)
        archive.finish(self.manifest)

    def _selection(self, snapshot: crud.Connection, tables: list[str]) -> list[str]:
        if not self._plan.tables:
            return []
        return manifest.with_dependencies(self._plan.tables, tables, crud.list_references(snapshot))

    def _write_dump(
        self, archive: ArchiveWriter, tools: programs.Tools, snapshot: str, selection: Sequence[str]
    ) -> None:
        url = self._settings.migration_url
        command = [
            tools.path("pg_dump"),
            f"--dbname={crud.database_of(url)}",
            "--format=custom",
            # The archive is compressed as a whole.
            "--compress=none",
            "--no-password",
            f"--snapshot={snapshot}",
            *(f'--table=public."{table}"' for table in selection),
        ]
        done = 0
        with archive.part(names.POSTGRES) as part, programs.running(command, url, feeds=False) as dump:
            while content := dump.read(_PIPE_BYTES):
                part.write(content)
                done += len(content)
                self._plan.progress("PostgreSQL", done)
                self._pace.rest()

    def _write_documents(self, archive: ArchiveWriter) -> None:
        counts, done = dict[str, int](), 0
        with documents_crud.opened(self._settings) as documents:
            collections = documents_crud.list_collections(documents)
            self.manifest["mongodb"] = documents_crud.get_version(documents)
            archive.add_json(names.COLLECTIONS, {"collections": collections})
            for collection in collections:
                name = str(collection["name"])
                counts[name] = 0
                with archive.part(names.collection_part(name)) as part:
                    for document in documents_crud.iterate_documents(documents, name):
                        part.write(document)
                        counts[name] += 1
                        done += len(document)
                        self._pace.rest()
                self._plan.progress("MongoDB", done)
        self.manifest["collections"] = counts
        self.manifest["documents_read_at"] = clock.now().isoformat()

    def _write_files(self, archive: ArchiveWriter) -> None:
        storage, after, done = open_storage(self._settings), "", 0
        while True:
            page = asyncio.run_coroutine_threadsafe(storage.list_files(after=after), self._loop).result()
            for file in page:
                if file.key.startswith(names.FOLDER):
                    continue  # the backups themselves, if they are in the same bucket
                source = ThreadInput(storage.read(file.key), self._loop)
                try:
                    content = source.read(_PIPE_BYTES)
                except StoredFileNotFound:
                    continue  # deleted since it was listed
                with archive.part(f"{names.FILES}/{file.key}") as part:
                    while content:
                        part.write(content)
                        done += len(content)
                        content = source.read(_PIPE_BYTES)
                        self._pace.rest()
                self._plan.progress("files", done)
            if len(page) < MOST_LISTED:
                return
            after = page[-1].key


def contents_of(
    snapshot: crud.Connection,
    tables: Sequence[str],
    progress: Progress = _silent,
    fingerprints: Mapping[str, tuple[int, str]] = MappingProxyType({}),
    rest: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """What a database holds: rows and checksum of each table, the sums of the ledger, the head of the audit trail, the outbox.

    Only what `tables` can tell. A restored copy must have the same. `fingerprints`: of tables that were read already.
    `rest` is called after each piece of a table."""
    contents: dict[str, Any] = {"tables": {}}
    for number, table in enumerate(tables):
        rows, checksum = fingerprints.get(table) or crud.get_fingerprint(snapshot, table, rest)
        contents["tables"][table] = {"rows": rows, "checksum": checksum}
        progress("counts", number + 1)
    if "transfers" in tables:
        contents["ledger_paise"] = crud.get_ledger_sums(snapshot)
    if "audit_anchors" in tables:
        sequence, own_hash = crud.get_audit_head(snapshot)
        contents["audit"] = {"sequence": sequence, "hash": own_hash}
    if "events" in tables and "deliveries" in tables:
        events, deliveries, oldest, since = crud.get_waiting(snapshot)
        contents["outbox"] = {
            "events": events,
            "deliveries": deliveries,
            # Each event before this one has been delivered to MongoDB; null: every event has.
            "delivered_up_to_event": str(oldest) if oldest else None,
            "delivered_up_to": since.isoformat() if since else None,
        }
    return contents
