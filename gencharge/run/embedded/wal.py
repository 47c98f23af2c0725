"""How the embedded PostgreSQL archives its write-ahead log: the settings, and who may write where."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gencharge.backups import wal_archive, wal_program
from gencharge.run.embedded.errors import ServerFailed
from gencharge.run.embedded.ownership import own_folder
from gencharge.run.processes import Account

# A segment is closed and archived after so long, if anything was written: so much is lost with the disk at most.
CLOSED_AFTER_SECONDS: Final = 60


def settings(wal_dir: Path) -> dict[str, str]:
    """What the server has to be told."""
    return {
        "archive_mode": "on",
        "archive_command": archive_command(wal_archive.wal_folder(wal_dir)),
        "archive_timeout": f"{CLOSED_AFTER_SECONDS}s",
    }


def archive_command(folder: Path) -> str:
    """The archive_command that keeps segments in a folder."""
    return f"{_program()} put {_quoted(folder)} %p"


def restore_command(folder: Path, live: Path | None = None) -> str:
    """The restore_command that takes them from it, and what was not archived yet from `live`."""
    words = [_program(), "get", _quoted(folder), "%f", "%p", *([_quoted(live)] if live else [])]
    return " ".join(words)


def programs() -> list[Path]:
    """The files that the server's user has to reach for these commands."""
    return [Path(sys.executable).resolve(), _script()]


def make_folder(wal_dir: Path) -> Path:
    """Make the folder of the archive, and return that of its segments. Raises ServerFailed if that can't be done."""
    with _writing(wal_dir):
        wal_dir.mkdir(parents=True, exist_ok=True)
    return wal_archive.wal_folder(wal_dir)


def own(wal_dir: Path, account: Account | None) -> None:
    """Give the folder of the segments to the server's user. Raises ServerFailed if that can't be done."""
    with _writing(wal_dir):
        own_folder(wal_archive.wal_folder(wal_dir), account, mode=0o700)


@contextmanager
def _writing(wal_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise ServerFailed(
            f"BACKUP_WAL_DIR {wal_dir} can't be written to ({problem.strerror}): set it to a folder of your own"
        ) from None


def _program() -> str:
    # -I -S: what is installed beside it is not loaded, so that it starts in milliseconds.
    return f"{_quoted(Path(sys.executable))} -I -S {_quoted(_script())}"


def _script() -> Path:
    return Path(wal_program.__file__).resolve()


def _quoted(path: Path) -> str:
    # PostgreSQL reads %p and %f in a command, and %% for a percent sign.
    return shlex.quote(str(path)).replace("%", "%%")
