"""Processes of the product that are forked from one which has loaded it: loading is most of what a start costs.

What runs in them is what `python -m gencharge serve`, `worker` or `sandbox` runs, in a process of its own that signals end
like any other. That a real start loads what it needs is tested by the tests of the command line.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from gencharge.core import faultpoints, loading
from gencharge.run.processes import end_with_parent, spawn

PRODUCT = (
    "gencharge.api.main",
    "gencharge.core.postgres.migrations",
    "gencharge.run.machine",
    "gencharge.run.serving",
    "gencharge.run.worker",
    "sandbox.server",
)
# On two cores that many others use, too, loading takes half a minute.
_LOAD_SECONDS = 180
_ROOT = Path(__file__).parent.parent.parent


class Process(Protocol):
    """What a test does with a process that it has started; of `subprocess.Popen`, too."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit code at its end; raises TimeoutExpired after `timeout` seconds."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it still runs."""


class Forked:
    """A process that was forked from the loaded one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._text = b""
        self.returncode: int | None = None
        self.pid = int(self._line(None))

    def _line(self, timeout: float | None) -> bytes:
        """The next line of its waiter; raises TimeoutError, or EOFError if there will be none."""
        end = None if timeout is None else time.monotonic() + timeout
        while b"\n" not in self._text:
            rest = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._connection], [], [], rest)[0]:
                raise TimeoutError
            part = self._connection.recv(64)
            if not part:
                self._connection.close()
                raise EOFError("the fork server has ended")
            self._text += part
        line, _, self._text = self._text.partition(b"\n")
        return line

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code at its end; raises TimeoutExpired after `timeout` seconds."""
        if self.returncode is None:
            try:
                self.returncode = int(self._line(timeout))
            except TimeoutError:
                raise subprocess.TimeoutExpired([str(self.pid)], timeout or 0) from None
            self._connection.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, sig)


class ForkServer:
    """A process that has loaded these modules, and forks others. It ends with this process, and those with it."""

    def __init__(self, modules: Sequence[str], *, within: Sequence[str] = ()) -> None:
        """Load these modules. `within`: a command that runs the one after it somewhere, such as `unshare --net`."""
        self._folder = Path(tempfile.mkdtemp(prefix="gencharge-forks-"))
        self._address, log = self._folder / "socket", self._folder / "log"
        command = [*within, sys.executable, "-m", "tests.make.fork_server", str(self._address), *modules]
        self.process = spawn(command, folder=_ROOT, log=log, death_signal=signal.SIGKILL)
        atexit.register(self.stop)
        end = time.monotonic() + _LOAD_SECONDS
        while not self._address.exists():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.02)

    def start(
        self,
        program: str,
        *words: str,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        errors: Path | None = None,
    ) -> Forked:
        """Run `python -m program words...` in `folder` with this environment, its output appended to `log`.

        With `errors`, what it writes to standard error goes there.
        """
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._address))
        request = {
            "program": program,
            "words": words,
            "folder": str(folder),
            "log": str(log),
            "errors": str(errors or log),
            "environment": dict(environment),
        }
        connection.sendall(json.dumps(request).encode() + b"\n")
        return Forked(connection)

    def run(
        self, program: str, *words: str, folder: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m program words...` to its end. Raises TimeoutExpired after `timeout` seconds."""
        with tempfile.TemporaryDirectory(prefix="gencharge-run-") as own:
            log, errors = Path(own, "output"), Path(own, "errors")
            process = self.start(
                program, *words, folder=folder, log=log, errors=errors, environment=environment
            )
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                raise
            return subprocess.CompletedProcess(words, code, log.read_text(), errors.read_text())

    def stop(self) -> None:
        """End the server, and what it has forked."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


@cache
def _of_the_product() -> ForkServer:
    return ForkServer(PRODUCT)


def start(program: str, *words: str, folder: Path, log: Path, environment: Mapping[str, str]) -> Process:
    """As `ForkServer.start` of a server that has loaded the product. The process gets SIGTERM when this one ends."""
    if sys.platform != "linux":
        command = [sys.executable, "-m", program, *words]
        return spawn(command, folder=folder, log=log, environment=environment)
    return _of_the_product().start(program, *words, folder=folder, log=log, environment=environment)


def run(
    *words: str, folder: Path, environment: Mapping[str, str], timeout: float, program: str = "gencharge"
) -> subprocess.CompletedProcess[str]:
    """Run `python -m program words...` to its end in `folder`, which may hold the program.

    Raises TimeoutExpired after `timeout` seconds.
    """
    if sys.platform != "linux":
        return subprocess.run(
            [sys.executable, "-m", program, *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=folder,
            env=environment,
            check=False,
        )
    return _of_the_product().run(program, *words, folder=folder, environment=environment, timeout=timeout)


def serve(address: Path, modules: Sequence[str]) -> None:
    """Load, then fork for each connection. Returns in the forked process, ready to run."""
    loading.begin()
    for module in modules:
        importlib.import_module(module)
    loading.end()
    assert threading.active_count() == 1, "a process with threads can't be forked"
    draft = address.with_suffix(".draft")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(draft))
        listener.listen(64)
        draft.rename(address)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the waiters
        while True:
            connection, _ = listener.accept()
            parent = os.getpid()
            if os.fork() == 0:
                listener.close()
                break
            connection.close()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    _wait_for_end(connection)


def _wait_for_end(connection: socket.socket) -> None:
    """Fork the process that was asked for, and tell who asked of its number and its end. Returns in that process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile() as lines:
        request = json.loads(lines.readline())
    waiter = os.getpid()
    pid = os.fork()
    if pid == 0:
        connection.close()
        end_with_parent(waiter)
        _become(request)
        return
    with contextlib.suppress(OSError):  # who asked may have ended
        connection.sendall(f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any]) -> None:
    """Give this process the folder, the environment, the output and the words of the one that was asked for."""
    os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, path, mode in (
        (0, os.devnull, "rb"),
        (1, request["log"], "ab"),
        (2, request["errors"], "ab"),
    ):
        with open(path, mode) as file:
            os.dup2(file.fileno(), number)
    # It reads the environment when it is loaded.
    importlib.reload(faultpoints)
    sys.path[0] = request["folder"]
    sys.argv = [request["program"], *request["words"]]
    gc.freeze()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
