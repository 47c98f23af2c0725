"""A Redis with a replica, watched by three sentinels: real servers, each a process of the embedded binary."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from gencharge.run.embedded.binaries import find_redis
from tests.make.pooler import free_port

NAME = "gencharge"
PASSWORD = "of-redis-only"
_START_SECONDS = 60
# How long a master may be silent before a sentinel takes it for down.
_SILENT_MS = 500


class Watched:
    """The servers; `url` is what REDIS_URL would be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.servers = [free_port(), free_port()]
        self.sentinels = [free_port() for _ in range(3)]
        self.url = f"redis+sentinel://:{PASSWORD}@{','.join(f'127.0.0.1:{port}' for port in self.sentinels)}/{NAME}/3"

    def start(self) -> None:
        """Start all of them; returns when each sentinel knows the master, the replica and the others."""
        master, replica = self.servers
        both = f"requirepass {PASSWORD}\nmasterauth {PASSWORD}\nsave ''\nappendonly no\n"
        self._start(master, both)
        self._start(replica, f"{both}replicaof 127.0.0.1 {master}\n")
        for port in self.sentinels:
            watch = (
                f"sentinel monitor {NAME} 127.0.0.1 {master} 2\nsentinel auth-pass {NAME} {PASSWORD}\n"
                f"sentinel down-after-milliseconds {NAME} {_SILENT_MS}\nsentinel failover-timeout {NAME} 3000\n"
            )
            self._start(port, watch, "--sentinel")
        _wait(lambda: all(self._sees_all(port) for port in self.sentinels))

    def master(self) -> int:
        """The port of the master, by the first sentinel."""
        with redis.Redis(port=self.sentinels[0], decode_responses=True) as sentinel:
            _, port = sentinel.sentinel_get_master_addr_by_name(NAME)
        return int(port)

    def kill(self, port: int) -> None:
        """As `kill -9` does."""
        self._processes[port].kill()
        self._processes[port].wait()

    def stop(self) -> None:
        """End all."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _start(self, port: int, configuration: str, *words: str) -> None:
        # A sentinel writes into its own file.
        file = self._folder / f"{port}.conf"
        file.write_text(f"bind 127.0.0.1\nport {port}\ndir {self._folder}\n{configuration}")
        binary = find_redis()
        assert binary is not None
        with (self._folder / f"{port}.log").open("wb") as log:
            self._processes[port] = subprocess.Popen(
                [str(binary.path), str(file), *words], stdout=log, stderr=log
            )
        _wait(lambda: self._answers(port))

    def _answers(self, port: int) -> bool:
        with redis.Redis(port=port) as server:
            try:
                server.ping()
            except redis.AuthenticationError:
                return True
            except redis.RedisError:
                return False
        return True

    def _sees_all(self, port: int) -> bool:
        with redis.Redis(port=port, decode_responses=True) as sentinel:
            state = sentinel.sentinel_master(NAME)
        return (state["num-slaves"], state["num-other-sentinels"], state["flags"]) == (1, 2, "master")


def _wait(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _START_SECONDS
    while not holds():
        assert time.monotonic() < end, "Redis or its sentinels did not start"
        time.sleep(0.05)


@contextmanager
def watched_redis() -> Iterator[Watched]:
    """The servers, while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-sentinels-"))
    watched = Watched(folder)
    try:
        watched.start()
        yield watched
    finally:
        watched.stop()
        shutil.rmtree(folder, ignore_errors=True)
