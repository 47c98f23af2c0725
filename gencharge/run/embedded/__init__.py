"""The real PostgreSQL, MongoDB and Redis as child processes, for development and tests.

They come from PyPI wheels (`gencharge[embedded]`), else from PATH; they listen on Unix sockets only, so that any
number of clones run side by side; durability is on (fsync, journal, append-only file), because the tests of
crashes mean nothing without it. Data, logs and sockets live under `data_dir`:

    postgres/ mongo/ redis/     data, each server works in its own folder
    logs/                       one file per server
    run/                        sockets (core.sockets.socket_folder), mode 0700
    lock                        held by the one process that runs the servers
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gencharge.backups import cipher, wal_keys
from gencharge.core.errors import Problem
from gencharge.run.embedded.binaries import Binary
from gencharge.run.embedded.errors import AlreadyRunning, ServerFailed
from gencharge.run.embedded.ownership import match_owner
from gencharge.run.embedded.platforms import what_to_do_without
from gencharge.run.embedded.server import Server
from gencharge.run.embedded.stores import Mongo, Postgres, Redis

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

__all__ = [
    "AlreadyRunning",
    "Binary",
    "EmbeddedServers",
    "Mongo",
    "Postgres",
    "Redis",
    "Server",
    "ServerFailed",
]


class EmbeddedServers:
    """The servers of one data folder; as a context manager, up and ready inside the block.

    Raises AlreadyRunning when another process runs them, ServerFailed when one cannot start.
    """

    def __init__(self, data_dir: Path, stores: Iterable[str] = ("mongo", "redis", "postgres")) -> None:
        self.data_dir = data_dir.resolve()
        self.mongo = Mongo(self.data_dir)
        self.redis = Redis(self.data_dir)
        self.postgres = Postgres(self.data_dir)
        chosen = set(stores)
        # PostgreSQL last: its first start has work to do while the others are coming up.
        self.servers: list[Server] = [s for s in (self.mongo, self.redis, self.postgres) if s.name in chosen]
        self._lock: int | None = None

    @classmethod
    def for_settings(cls, settings: Settings) -> Self:
        """The servers of those stores whose URL is not given."""
        urls = {"mongo": settings.mongo_url, "redis": settings.redis_url, "postgres": settings.database_url}
        servers = cls(settings.data_dir, [name for name, url in urls.items() if not url])
        servers.archive_by(settings)
        return servers

    def archive_by(self, settings: Settings) -> None:
        """Have the log of PostgreSQL archived as the settings say. Raises ServerFailed if the key of the backups can't be read."""
        if settings.backup_wal_dir is None or settings.database_url:
            return
        self.postgres.wal_dir = settings.backup_wal_dir.resolve()
        try:
            key = cipher.read_key(settings.backup_key_file) if settings.backup_key_file else None
        except (Problem, OSError) as problem:
            reason = problem.detail if isinstance(problem, Problem) else str(problem)
            raise ServerFailed(f"BACKUP_KEY_FILE: {reason}") from None
        self.postgres.wal_public_key = wal_keys.public_of(key) if key is not None else ""

    def lock(self) -> None:
        """Claim the data folder for this process; raises AlreadyRunning when another one has it."""
        if self._lock is not None:
            return
        # The kernel lets go of the lock when its holder dies, so it can never be stale.
        path = self.data_dir / "lock"
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except PermissionError:
            raise ServerFailed(
                f"{self.data_dir} belongs to another user: run as that user, or set DATA_DIR to a folder of your own"
            ) from None
        except OSError as problem:
            raise ServerFailed(
                f"{self.data_dir} can't be written to ({problem.strerror}): set DATA_DIR to a folder of your own"
            ) from None
        match_owner(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode().strip() or "unknown"
            os.close(lock)
            raise AlreadyRunning(f"already running here (pid {holder}); stop that one first") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock

    def require_programs(self) -> None:
        """Raise ServerFailed, with one line for all, if a server's program is missing on this machine."""
        if missing := [server for server in self.servers if not server.is_installed]:
            raise ServerFailed(what_to_do_without(missing))

    def start(self) -> None:
        """Start all, side by side, without waiting until they are ready."""
        self.require_programs()
        self.lock()
        try:
            for server in self.servers:
                server.start()
        except BaseException:
            self.stop()
            raise

    def wait_ready(self, *names: str, timeout: float = 30) -> None:
        """Return when the named servers (all, if none is named) answer."""
        for server in self.servers:
            if not names or server.name in names:
                server.wait_ready(timeout)

    def check(self) -> None:
        """Raise ServerFailed when a server that was started has ended by itself."""
        for server in self.servers:
            if not server.running:
                raise ServerFailed(server.why_stopped())

    def stop(self, timeout: float = 20) -> None:
        """Shut all down, side by side; by force what has not ended after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.stop(max(0.0, deadline - time.monotonic()))
        # Outside of the data folder it would be litter.
        if self.data_dir not in self.postgres.sockets.parents:
            with suppress(OSError):
                self.postgres.sockets.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
