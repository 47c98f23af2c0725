"""PostgreSQL, MongoDB and Redis of a run of the tests, in a process that makes them ready while pytest collects the tests.

They are not children of pytest's own process, which stays without threads: its workers are forked from it (tests/workers.py).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from gencharge.run.embedded import EmbeddedServers
from tests.make.fork_server import OnDemand

# On a machine that does much else the three have taken a minute.
_READY_SECONDS = 300
_STOP_SECONDS = 90


class RunServers:
    """The servers, and the folder of their data, which goes with them."""

    def __init__(self, make_ready: Callable[[Path], None]) -> None:
        """Start them, and call `make_ready` with their folder once they run. Returns at once."""
        self.folder = Path(tempfile.mkdtemp(prefix="gencharge-tests-"))
        fork = multiprocessing.get_context("fork")
        self._connection, inner = fork.Pipe()
        self._process = fork.Process(target=_run, args=(self.folder, make_ready, inner, self._connection))
        self._process.start()
        inner.close()
        self._ready = False

    def wait(self) -> None:
        """Return when they are ready; raises RuntimeError with the reason why they won't be."""
        if self._ready:
            return
        try:
            problem = self._connection.recv() if self._connection.poll(_READY_SECONDS) else "no sign of life"
        except EOFError:
            problem = "their process has ended"
        if problem:
            raise RuntimeError(f"the servers of the tests did not start: {problem}")
        self._ready = True

    def stop(self) -> None:
        """End them, and delete their data."""
        self._connection.close()
        self._process.join(_STOP_SECONDS)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        shutil.rmtree(self.folder, ignore_errors=True)


def _run(folder: Path, make_ready: Callable[[Path], None], connection: Connection, outer: Connection) -> None:
    """What the process does. It ends when its parent closes the pipe, as the parent's end does."""
    outer.close()
    # Ctrl-C in a terminal reaches pytest, which then ends this process when the tests have ended.
    os.setsid()
    servers = EmbeddedServers(folder)
    # A kill of the server loses nothing without it, either; only a power cut would.
    servers.postgres.fsync = False
    problem = ""
    try:
        servers.start()
        servers.wait_ready()
        make_ready(folder)
    except Exception:
        problem = traceback.format_exc()
    forks = OnDemand(folder)
    with suppress(OSError):  # the parent was killed
        connection.send(problem)
        # It is readable once the parent has closed its end.
        while connection not in wait([connection, forks]):
            forks.answer()
    forks.stop()
    servers.stop()
    shutil.rmtree(folder, ignore_errors=True)
