"""Where the embedded servers' Unix sockets are, so that any `gencharge` command finds a running server."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

# The longest path that fits `sockaddr_un.sun_path` on Linux (108 bytes) and macOS (104), less the file name.
_SOCKET_FOLDER_LIMIT = 80


def socket_folder(data_dir: Path) -> Path:
    """Where the embedded servers put their Unix sockets.

    Inside `data_dir` if the path is short enough for a socket address, else in the temporary folder under
    a name derived from the path.
    """
    folder = data_dir.resolve() / "run"
    if len(str(folder)) <= _SOCKET_FOLDER_LIMIT:
        return folder
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    owner = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"gencharge-{owner}-{digest}"


def embedded_postgres_url(data_dir: Path, database: str = "gencharge_dev") -> str:
    """URL of the embedded PostgreSQL's Unix socket."""
    return f"postgresql://gencharge@/{database}?host={quote(str(socket_folder(data_dir)), safe='')}"


def embedded_mongo_url(data_dir: Path) -> str:
    """URL of the embedded MongoDB's Unix socket."""
    socket = socket_folder(data_dir) / "mongodb-27017.sock"
    return f"mongodb://{quote(str(socket), safe='')}"


def embedded_redis_url(data_dir: Path) -> str:
    """URL of the embedded Redis' Unix socket."""
    return f"unix://{socket_folder(data_dir) / 'redis.sock'}"
