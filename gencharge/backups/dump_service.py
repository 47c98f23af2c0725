"""pg_restore, fed with a dump as it is read: rows one table after the other, then the indexes, several at a time.

pg_restore works in parallel only on a file that it can seek in, and no file of the dump is ever whole here. But indexes and constraints need no rows
from it, only its table of contents, which stands at the beginning. So the beginning is kept in a scratch file for them.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import psycopg

from gencharge.backups import crud, programs

# The table of contents of a database with a thousand tables is a few MB.
HEAD_BYTES: Final = 32 * 1024 * 1024
_LOOK_SECONDS: Final = 1.0
_JOBS: Final = max(1, min(4, os.cpu_count() or 1))
# For sessions that fill a database which nobody uses yet. What a crash would lose is made again: the database gets its name at the end.
_SETTINGS: Final = {"maintenance_work_mem": "128MB", "synchronous_commit": "off"}


def restore(
    tools: programs.Tools,
    url: str,
    database: str,
    contents: Iterator[bytes],
    on_indexes: Callable[[int], None],
) -> None:
    """Restore a dump in custom format into an empty database on the server of `url`. Raises ProgramFailed, psycopg.Error.

    `on_indexes` is told each second how many indexes there are."""
    base = [
        tools.path("pg_restore"),
        f"--dbname={database}",
        "--no-owner",
        "--no-password",
        "--exit-on-error",
    ]
    with tempfile.NamedTemporaryFile(prefix="gencharge-restore-") as head:
        rows = [*base, "--section=pre-data", "--section=data"]
        with programs.running(rows, url, feeds=True, settings=_SETTINGS) as restoring:
            for content in contents:
                if (room := HEAD_BYTES - head.tell()) > 0:
                    head.write(content[:room])
                restoring.write(content)
        head.flush()
        indexes = [*base, "--section=post-data", f"--jobs={_JOBS}", head.name]
        with (
            _watched(url, database, on_indexes),
            programs.running(indexes, url, feeds=True, settings=_SETTINGS),
        ):
            pass


@contextmanager
def _watched(url: str, database: str, on_indexes: Callable[[int], None]) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        with suppress(psycopg.Error), crud.connected(url, database, autocommit=True) as connection:
            while not done.wait(_LOOK_SECONDS):
                on_indexes(crud.count_indexes(connection))

    watcher = threading.Thread(target=watch, name="watch-indexes", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
