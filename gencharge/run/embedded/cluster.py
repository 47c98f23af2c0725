"""A PostgreSQL server on a folder of its own, behind sockets that no client looks for: for an upgrade, or a recovery."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from gencharge.run.embedded.binaries import Binary
from gencharge.run.embedded.stores import Postgres

USER: Final = "gencharge"


class Cluster(Postgres):
    """A server on a folder of its own, behind sockets that no client looks for."""

    def __init__(self, data_dir: Path, folder: Path, binary: Binary, sockets: Path) -> None:
        super().__init__(data_dir)
        self.folder = folder
        self.sockets = sockets
        self.log = self.data_dir / "logs" / f"{folder.name}.log"
        self._binary = binary

    def _find(self) -> Binary | None:
        return self._binary

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{USER}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"


@contextmanager
def running(
    data_dir: Path,
    folder: Path,
    binary: Binary,
    *,
    ready_seconds: float = 120,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Cluster]:
    """The server while it runs. `more`: settings beside the usual ones. Raises ServerFailed."""
    sockets = Path(tempfile.mkdtemp(prefix="gencharge-up-"))
    server = Cluster(data_dir, folder, binary, sockets)
    server.more |= more
    try:
        server.start()
        server.wait_ready(ready_seconds)
        yield server
    finally:
        server.stop(timeout=300)
        shutil.rmtree(sockets, ignore_errors=True)
