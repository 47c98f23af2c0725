"""Reading a whole archive before anything is restored from it: it touches nothing, and refuses whatever is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gencharge.backups import crud, manifest, signatures
from gencharge.backups.archive import ArchiveReader
from gencharge.backups.cipher import Source
from gencharge.backups.create_service import Progress, key_of
from gencharge.backups.errors import BackupKeyRequired
from gencharge.backups.streams import ThreadInput, close
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.stores.storage import Storage


@dataclass(frozen=True, slots=True)
class Location:
    """An archive: in the storage of the backups, or a file."""

    storage: Storage
    key: str = ""
    path: Path | None = None

    @contextmanager
    def opened(self, loop: asyncio.AbstractEventLoop) -> Iterator[Source]:
        """The archive's bytes, for a thread."""
        if self.path is None:
            pieces = self.storage.read(self.key, 1024 * 1024)
            try:
                yield ThreadInput(pieces, loop)
            finally:
                asyncio.run_coroutine_threadsafe(close(pieces), loop).result()
            return
        with self.path.open("rb") as file:
            yield file


async def examine(settings: Settings, location: Location, progress: Progress) -> dict[str, Any]:
    """Read a whole archive and touch nothing; what its manifest says.

    Raises BackupInvalid, BackupTooNew, BackupKeyMismatch, BackupKeyRequired."""
    loop = asyncio.get_running_loop()
    return await asyncio.to_thread(_examine, settings, location, loop, progress)


def _examine(
    settings: Settings, location: Location, loop: asyncio.AbstractEventLoop, progress: Progress
) -> dict[str, Any]:
    if settings.backup_public_key_file is None and not settings.is_development:
        raise BackupKeyRequired(
            "In production only signed backups are restored: set BACKUP_PUBLIC_KEY_FILE, which `gencharge backup signing-key` writes."
        )
    with crud.connected(settings.migration_url, "postgres", autocommit=True) as connection:
        major, _ = crud.get_server_version(connection)
    with location.opened(loop) as source:
        reader = ArchiveReader(source, key=key_of(settings))
        done, checked = 0, False
        for _, _, content in reader.segments():
            if not checked:
                manifest.check_readable(reader.header, revision=migrations.head(), postgres_major=major)
                checked = True
            done += len(content)
            progress("checking", done)
        manifest.check_readable(reader.header, revision=migrations.head(), postgres_major=major)
        check_signature(settings, reader)
        return reader.manifest


def check_signature(settings: Settings, reader: ArchiveReader) -> None:
    """Refuse an archive that is not signed as the settings ask. Raises BackupSignatureInvalid, BackupSigningKeyInvalid, OSError."""
    if settings.backup_public_key_file is not None:
        signatures.check(settings.backup_public_key_file, reader.header, reader.manifest)
