"""How the embedded PostgreSQL archives its write-ahead log: the settings, and who may write where."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cryptography

from gencharge.backups import wal_archive, wal_program
from gencharge.run.embedded.errors import ServerFailed
from gencharge.run.embedded.ownership import own_folder
from gencharge.run.processes import Account

# A segment is closed and archived after so long, if anything was written: so much is lost with the disk at most.
CLOSED_AFTER_SECONDS: Final = 60


def settings(wal_dir: Path, public_key: str = "") -> dict[str, str]:
    """What the server has to be told. `public_key`: of the archive, in hexadecimal digits; empty: it is not encrypted."""
    return {
        "archive_mode": "on",
        "archive_command": archive_command(wal_archive.wal_folder(wal_dir), public_key),
        "archive_timeout": f"{CLOSED_AFTER_SECONDS}s",
    }


def archive_command(folder: Path, public_key: str = "") -> str:
    """The archive_command that keeps segments in a folder, encrypted for a public key if there is one."""
    to = f"--to {public_key} " if public_key else ""
    return f"{_program(with_key=bool(public_key))} put {to}{_quoted(folder)} %p"


def restore_command(folder: Path, live: Path | None = None, key_file: Path | None = None) -> str:
    """The restore_command that takes them from it, and what was not archived yet from `live`. `key_file`: with the private key of the archive."""
    words = [
        _program(with_key=key_file is not None),
        "get",
        *(["--key", _quoted(key_file)] if key_file else []),
        *(_quoted(folder), "%f", "%p"),
        *([_quoted(live)] if live else []),
    ]
    return " ".join(words)


def programs() -> list[Path]:
    """The files that the server's user has to reach for these commands."""
    return [Path(sys.executable).resolve(), _script(), Path(cryptography.__file__)]


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


def _program(*, with_key: bool) -> str:
    # -I -S: what is installed beside it is not loaded, so that it starts in milliseconds. Only encryption needs something of that.
    return f"{_quoted(Path(sys.executable))} -I {'' if with_key else '-S '}{_quoted(_script())}"


def _script() -> Path:
    return Path(wal_program.__file__).resolve()


def _quoted(path: Path) -> str:
    # PostgreSQL reads %p and %f in a command, and %% for a percent sign.
    return shlex.quote(str(path)).replace("%", "%%")
