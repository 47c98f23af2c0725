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
from typing import IO, Any, Protocol

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
# What a forked process is to run, if it is no module.
_code = ""


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
    """A process that was forked from the loaded one. It gets SIGTERM when `connection` closes, as the end of this process does."""

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


class Begun:
    """A forked process, of which a test reads what it writes."""

    def __init__(self, process: Process, stdout: IO[str]) -> None:
        self.pid, self.poll, self.wait = process.pid, process.poll, process.wait
        self.send_signal = process.send_signal
        self.stdout = stdout

    def end(self) -> None:
        """End it by force, if it still runs."""
        self.send_signal(signal.SIGKILL)
        self.wait()
        self.stdout.close()


class Forks:
    """Processes that are forked from the one which listens there."""

    def __init__(self, address: Path) -> None:
        self._address = address
        # A test that drops what `start` returned does not mean to end the process.
        self._running: set[Forked] = set()

    def start(
        self,
        program: str,
        *words: str,
        folder: Path,
        log: Path,
        environment: Mapping[str, str],
        errors: Path | None = None,
        alone: bool = False,
    ) -> Forked:
        """Run `python -m program words...` in `folder` with this environment, its output appended to `log`.

        With `errors`, what it writes to standard error goes there. With `alone` it has a network of its own.
        """
        with log.open("ab") as output, (errors or log).open("ab") as problems:
            names = {"program": program, "words": words, "folder": str(folder), "alone": alone}
            return self._fork(names, environment, output, problems)

    def begin(
        self, code: str, *words: str, folder: Path, environment: Mapping[str, str], stdin: int | None = None
    ) -> Begun:
        """Run `python -c code words...`, its output to a pipe, the errors to our own. `stdin`: a file number."""
        ours, theirs = os.pipe()
        with open(theirs, "wb") as output:
            names = {"code": code, "words": words, "folder": str(folder)}
            forked = self._fork(names, environment, output, sys.__stderr__ or output, stdin)
            return Begun(forked, open(ours))

    def _fork(
        self,
        request: dict[str, Any],
        environment: Mapping[str, str],
        output: IO[Any],
        errors: IO[Any],
        stdin: int | None = None,
    ) -> Forked:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._address))
        with open(os.devnull, "rb") as nothing:
            files = [nothing.fileno() if stdin is None else stdin, output.fileno(), errors.fileno()]
            socket.send_fds(connection, [b"\0"], files)
        connection.sendall(json.dumps({**request, "environment": dict(environment)}).encode() + b"\n")
        forked = Forked(connection)
        self._running = {each for each in self._running if each.returncode is None} | {forked}
        return forked

    def run(
        self,
        program: str,
        *words: str,
        folder: Path,
        environment: Mapping[str, str],
        timeout: float,
        alone: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m program words...` to its end. Raises TimeoutExpired after `timeout` seconds."""
        with tempfile.TemporaryDirectory(prefix="gencharge-run-") as own:
            log, errors = Path(own, "output"), Path(own, "errors")
            process = self.start(
                program, *words, folder=folder, log=log, errors=errors, environment=environment, alone=alone
            )
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                raise
            return subprocess.CompletedProcess(words, code, log.read_text(), errors.read_text())


class ForkServer(Forks):
    """A process that has loaded these modules, and forks others. It ends with this process, and those with it."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gencharge-forks-"))
        super().__init__(self._folder / "socket")
        log = self._folder / "log"
        command = [sys.executable, "-m", "tests.make.fork_server", str(self._address), *modules]
        self.process = spawn(command, folder=_ROOT, log=log, death_signal=signal.SIGKILL)
        atexit.register(self.stop)
        end = time.monotonic() + _LOAD_SECONDS
        while not self._address.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the fork server did not start: {log.read_text()}")
            time.sleep(0.02)

    @property
    def address(self) -> Path:
        """Where it listens."""
        return self._address

    def stop(self) -> None:
        """End the server, and what it has forked."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class OnDemand:
    """In the process that holds the servers of a run: a fork server of the product, started when a worker first asks for it."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(_request_socket(folder)))
        self._socket.listen(64)
        self._server: ForkServer | None = None

    def fileno(self) -> int:
        """What is readable when somebody asks."""
        return self._socket.fileno()

    def answer(self) -> None:
        """Tell one who asks where it listens, or, after `!`, why it does not."""
        with self._socket.accept()[0] as connection:
            try:
                self._server = self._server or ForkServer(PRODUCT)
                answer = str(self._server.address)
            except RuntimeError as problem:
                answer = f"!{problem}"
            with contextlib.suppress(OSError):  # who asked may have ended
                connection.sendall(answer.encode())

    def stop(self) -> None:
        """End it, and what it has forked."""
        self._socket.close()
        if self._server is not None:
            self._server.stop()


def _request_socket(folder: Path) -> Path:
    return folder / "forks"


def _ask(folder: Path) -> Path:
    """Where the fork server of this run listens. Raises RuntimeError if it did not start."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(_request_socket(folder)))
        with connection.makefile() as lines:
            answer = lines.read()
    if not answer or answer.startswith("!"):
        raise RuntimeError(answer[1:] or "the servers of the tests have ended")
    return Path(answer)


@cache
def _of_the_product() -> Forks:
    # A run inside a test has another product.
    if os.environ.get("GENCHARGE_TEST_INNER"):
        return ForkServer(PRODUCT)
    return Forks(_ask(Path(os.environ["GENCHARGE_TEST_SERVERS"])))


def start(program: str, *words: str, folder: Path, log: Path, environment: Mapping[str, str]) -> Process:
    """As `Forks.start` of the server of this run, which has loaded the product. The process gets SIGTERM when this one ends."""
    if sys.platform != "linux":
        command = [sys.executable, "-m", program, *words]
        return spawn(command, folder=folder, log=log, environment=environment)
    return _of_the_product().start(program, *words, folder=folder, log=log, environment=environment)


def begin(
    code: str, *words: str, folder: Path, environment: Mapping[str, str], stdin: int | None = None
) -> Begun:
    """As `Forks.begin` of the server of this run, which has loaded the product. The process is in a group of its own."""
    if sys.platform != "linux":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        return Begun(process, process.stdout)
    return _of_the_product().begin(code, *words, folder=folder, environment=environment, stdin=stdin)


def run(
    *words: str,
    folder: Path,
    environment: Mapping[str, str],
    timeout: float,
    program: str = "gencharge",
    alone: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m program words...` to its end in `folder`, which may hold the program.

    With `alone` it has a network of its own, on Linux. Raises TimeoutExpired after `timeout` seconds.
    """
    if sys.platform != "linux":
        assert not alone
        return subprocess.run(
            [sys.executable, "-m", program, *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=folder,
            env=environment,
            check=False,
        )
    return _of_the_product().run(
        program, *words, folder=folder, environment=environment, timeout=timeout, alone=alone
    )


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
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile() as lines:
        request = json.loads(lines.readline())
    waiter = os.getpid()
    pid = os.fork()
    if pid == 0:
        connection.close()
        if request.get("alone"):
            _leave_the_network()
        end_with_parent(waiter)
        _become(request, files)
        return
    for file in files:
        os.close(file)
    with contextlib.suppress(OSError):  # who asked may have ended
        connection.sendall(f"{pid}\n".encode())
        if connection.fileno() in select.select([connection.fileno(), os.pidfd_open(pid)], [], [])[0]:
            os.kill(pid, signal.SIGTERM)  # who asked has ended, and so says nothing more
        _, status = os.waitpid(pid, 0)
        connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _leave_the_network() -> None:
    """Put this process into a network of its own, in which it is root, as `unshare --map-root-user --net` does."""
    user, group, libc = os.geteuid(), os.getegid(), ctypes.CDLL(None, use_errno=True)
    new_user, new_network = 0x10000000, 0x40000000  # CLONE_NEWUSER and CLONE_NEWNET, unshare(2)
    if libc.unshare(new_user | new_network):
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path("/proc/self", name).write_text(text)


def _become(request: dict[str, Any], files: Sequence[int]) -> None:
    """Give this process the folder, the environment, the output and the words of the one that was asked for."""
    global _code
    os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # It reads the environment when it is loaded.
    importlib.reload(faultpoints)
    _code = request.get("code", "")
    # As of `python -c`, and of `python -m`.
    sys.path[0] = "" if _code else request["folder"]
    sys.argv = ["-c" if _code else request["program"], *request["words"]]
    gc.freeze()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
    if _code:
        exec(compile(_code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
