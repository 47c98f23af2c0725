"""Server processes as in production: one uvicorn worker on uvloop and httptools. And the worker next to the API."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

_PATIENCE_SECONDS = 120.0


class Server:
    """A uvicorn process with one application factory, on a free port of the loopback."""

    def __init__(self, name: str, factory: str, folder: Path, environment: dict[str, str]) -> None:
        self.name = name
        self.port = free_port()
        self._log = folder / f"{name}.log"
        words = [sys.executable, "-m", "uvicorn", factory, "--factory", "--workers", "1"]
        words += ["--host", "127.0.0.1", "--port", str(self.port), "--loop", "uvloop", "--http", "httptools"]
        words += ["--no-access-log", "--log-level", "warning"]
        self._process = _start(words, self._log, environment)
        self._seen = psutil.Process(self._process.pid)

    def wait_ready(self) -> Self:
        """Return when the server listens."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text()[-4000:]}")

    def check(self, request: bytes) -> None:
        """Send one request; raise with the answer unless it is good."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall(request)
            answer = client.recv(65536)
        if not answer.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(f"{self.name} answered:\n{answer.decode(errors='replace')[:2000]}")

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    @property
    def rss_mb(self) -> float:
        """Resident memory."""
        return float(self._seen.memory_info().rss) / 1e6

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def stop(self) -> None:
        """End the process."""
        _stop(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def worker(
    folder: Path, environment: dict[str, str], options: Sequence[str] = (), *, name: str = "worker"
) -> Iterator[int]:
    """The product's worker process, running inside the block: its pid. `options` are Python's; two beside each other need two names."""
    log = folder / f"{name}.log"
    process = _start([sys.executable, *options, "-m", "gencharge", "worker"], log, environment)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while b"worker_started" not in log.read_bytes():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the worker did not start:\n{log.read_text()[-4000:]}")
            time.sleep(0.05)
        yield process.pid
    finally:
        _stop(process)
        log.unlink()


def _start(words: Sequence[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # In the log's folder, so that no .env of the caller's counts.
    with log.open("ab") as output:
        return subprocess.Popen(
            words, cwd=log.parent, env=environment, stdout=output, stderr=subprocess.STDOUT
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
