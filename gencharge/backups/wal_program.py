"""PostgreSQL's archive_command and restore_command: keeps a file of the write-ahead log (WAL) in a folder, and gives it back.

    python -I -S wal_program.py put FOLDER PATH
    python -I -S wal_program.py get FOLDER NAME TARGET [LIVE_FOLDER]

A program with nothing but the standard library, because PostgreSQL starts it for every 16 MB. Under a name there is a whole file or none:
it is written under another name, brought to the disk, and then linked. The same file twice is fine, as PostgreSQL asks for it after a crash; another one
under a name that is there is refused. Exit status 0: done; 1: not done, for `get` also "there is none", at which a recovery ends in order; 200: the file in the
archive is damaged, at which a recovery stops (PostgreSQL's manual, 25.3.1 and 25.3.5).
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ENDING: Final = ".gz"
DONE: Final = 0
NOT_DONE: Final = 1
DAMAGED: Final = 200
_NAME: Final = re.compile(r"[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history")
_PIECE: Final = 1024 * 1024
# A segment that was closed early is zeros for the most part, and the quickest level is enough for those.
_LEVEL: Final = 1
_UNREADABLE: Final = (EOFError, gzip.BadGzipFile, zlib.error)


class Refused(Exception):
    """It was not done; the text says why."""


def put(folder: Path, source: Path) -> None:
    """Keep a file. Raises Refused for another content under the same name, OSError."""
    name = _checked(source.name)
    target = folder / f"{name}{ENDING}"
    draft = folder / f".{name}.{os.getpid()}"
    if not target.exists():
        try:
            _write(source, draft)
            # Unlike a renaming it does not write over a file that has come since.
            with contextlib.suppress(FileExistsError):
                os.link(draft, target)
                _sync(folder)
                return
        finally:
            draft.unlink(missing_ok=True)
    if not _same(source, target):
        raise Refused(f"{target} is there with another content: does another server use this archive?")
    # The first try may have ended before the name was on the disk.
    _sync(folder)


def get(folder: Path, name: str, target: Path, live: Path | None = None) -> bool:
    """Write a file of the archive to `target`; False if there is none. `live`: where what was not archived yet may be.

    Raises EOFError, gzip.BadGzipFile or zlib.error for a damaged file, OSError."""
    archived = folder / f"{_checked(name)}{ENDING}"
    draft = target.with_name(f"{target.name}.draft")
    if archived.exists():
        with gzip.open(archived, "rb") as content, draft.open("wb") as file:
            shutil.copyfileobj(content, file, _PIECE)
    elif live is not None and (live / name).exists():
        shutil.copyfile(live / name, draft)
    else:
        return False
    draft.replace(target)
    return True


def main(words: Sequence[str]) -> int:
    """Do what the words say; the exit status."""
    try:
        match words:
            case ["put", folder, path]:
                put(Path(folder), Path(path))
            case ["get", folder, name, target, *live]:
                was_there = get(Path(folder), name, Path(target), Path(live[0]) if live else None)
                return DONE if was_there else NOT_DONE
            case _:
                raise Refused("give `put FOLDER PATH`, or `get FOLDER NAME TARGET [LIVE_FOLDER]`")
    except _UNREADABLE as problem:
        sys.stderr.write(f"{words[2]} in the archive {words[1]} is damaged: {problem}\n")
        return DAMAGED
    except (Refused, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return NOT_DONE
    return DONE


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} is no name of a file of the write-ahead log")
    return name


def _write(source: Path, draft: Path) -> None:
    with source.open("rb") as content, draft.open("wb") as file:
        with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=file, mtime=0) as packed:
            shutil.copyfileobj(content, packed, _PIECE)
        file.flush()
        os.fsync(file.fileno())


def _same(source: Path, target: Path) -> bool:
    with source.open("rb") as own, gzip.open(target, "rb") as archived:
        try:
            while True:
                piece = own.read(_PIECE)
                if piece != archived.read(_PIECE):
                    return False
                if not piece:
                    return True
        except _UNREADABLE:
            return False


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
