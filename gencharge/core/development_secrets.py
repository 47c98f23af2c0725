"""The secrets of a development installation: made at random once, and kept in its data folder.

`DATA_DIR/secrets.env` has a line `NAME=value` for each, so that a shell can read it, too. Production takes its secrets
from the settings only.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

FILE: Final = "secrets.env"
# The settings that have a secret of the data folder in development, if they are empty.
NAMES: Final = (
    "secret_key",
    "otp_secret",
    "data_key",
    "payment_key_secret",
    "payment_webhook_secret",
    "operator_api_secret",
)
_BYTES: Final = 32
_HEAD: Final = """\
# The secrets of this development installation. What was sealed with them can't be read without this file.
"""


class DevelopmentSecret(SecretStr):
    """A secret of a data folder. It is read, and made if it is missing, when it is used for the first time."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__("")
        self.folder = folder
        self.name = name

    def get_secret_value(self) -> str:
        """The secret. Raises OSError if the folder can't be read or written to."""
        if not self._secret_value:
            self._secret_value = secrets_of(self.folder)[self.name]
        return self._secret_value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DevelopmentSecret):
            return False
        return (self.folder, self.name) == (other.folder, other.name)

    def __hash__(self) -> int:
        return hash((self.folder, self.name))


def secrets_of(folder: Path) -> dict[str, str]:
    """The secrets of a data folder by the names of their settings; those that are missing are made now.

    Processes that start at the same time get the same ones. Raises OSError.
    """
    path = folder / FILE
    known = _read(path)
    if known.keys() >= set(NAMES):
        return known
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        known = _read(path)
        known |= {name: secrets.token_urlsafe(_BYTES) for name in NAMES if name not in known}
        _write(path, known)
    return known


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip().lower(): value.strip() for name, value in pairs if value.strip()}


def _write(path: Path, known: dict[str, str]) -> None:
    """Write the whole file under another name first: who reads at the same time sees the old one or the new one."""
    text = _HEAD + "".join(f"{name.upper()}={value}\n" for name, value in known.items())
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
        owner = path.parent.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            # So that the folder's owner can go on without root.
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)
    draft.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder; the kernel lets go of it if the process dies."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
