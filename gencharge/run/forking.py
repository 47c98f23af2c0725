"""`python -m gencharge.run.forking`: loads the product once, and forks the programs that its parent asks for (Linux).

`gencharge dev` runs the API, the worker and the sandbox this way. Loading takes 3 s of CPU, which each of them would spend, and
what they only read is in memory once.

Standard input is a socket of packets. A packet from the parent is a `Request`. The answers are `Started` and `Ended`. Every forked
process holds the socket, too, so that the parent reads its end when all of them have ended. SIGTERM, and the end of the
parent, stop them all.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Final

from gencharge.core import loading
from gencharge.run.processes import end_with_parent, show_as

# The API answers or cancels what it took within 10 s, nearly all of it far sooner; what is not committed then comes due again.
STOP_SECONDS: Final = 9.5
MAX_BYTES: Final = 65_536
# What the worker and the sandbox need beyond this is little, and they load it themselves.
_MODULES: Final = (
    "gencharge.run.serving",
    "gencharge.api.main",
    "gencharge.core.postgres.migrations",
    "gencharge.run.cli",
    "uvloop",
)
_SIGNALS: Final = (signal.SIGTERM, signal.SIGCHLD)


@dataclass(frozen=True)
class Request:
    """A command of `gencharge` that is to run: its output is appended to `log`, the variables are added to our own."""

    name: str
    log: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Started:
    """A command runs in this process."""

    name: str
    pid: int


@dataclass(frozen=True)
class Ended:
    """A command has ended: its exit code, or the number of the signal that ended it below zero."""

    name: str
    code: int


class Forks:
    """The running programs, and the parent's socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._names: dict[int, str] = {}
        self._signals, self._waker = os.pipe()
        for end in (self._signals, self._waker):
            os.set_blocking(end, False)
        # Python writes the number of each signal there; the handlers have nothing to do.
        signal.set_wakeup_fd(self._waker)
        for number in _SIGNALS:
            signal.signal(number, lambda _number, _frame: None)

    def serve(self) -> Request | None:
        """Fork what is asked for. Returns in a forked process with what it is to run, and here, with None, at the end."""
        while True:
            ready, _, _ = select.select([self._channel.fileno(), self._signals], [], [])
            if self._signals in ready and signal.SIGTERM in self._take_signals():
                break
            if self._channel.fileno() in ready:
                packet = self._channel.recv(MAX_BYTES)
                if not packet:
                    break
                request = Request(**json.loads(packet))
                if self._fork(request) == 0:
                    return request
        self._end_all()
        return None

    def _fork(self, request: Request) -> int:
        """The number of the new process; 0 in that process."""
        loader = os.getpid()
        # A signal that comes to the new process before it has its own handlers would be lost in ours.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            os.close(self._signals)
            os.close(self._waker)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            end_with_parent(loader)
        else:
            self._names[pid] = request.name
            self._tell(Started(request.name, pid))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        return pid

    def _take_signals(self) -> Iterable[int]:
        """The signals since the last call, after saying which programs have ended."""
        numbers = os.read(self._signals, 4096)
        while self._names:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self._tell(Ended(self._names.pop(pid), os.waitstatus_to_exitcode(status)))
        return numbers

    def _tell(self, news: Started | Ended) -> None:
        with suppress(OSError):  # the parent has ended, which the next look shows
            self._channel.send(json.dumps(asdict(news)).encode())

    def _end_all(self) -> None:
        """Stop them, by force after a while."""
        end = time.monotonic() + STOP_SECONDS
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._names:
                os.kill(pid, number)
            while self._names and (number == signal.SIGKILL or time.monotonic() < end):
                rest = None if number == signal.SIGKILL else max(0.0, end - time.monotonic())
                if select.select([self._signals], [], [], rest)[0]:
                    self._take_signals()


def become(request: Request) -> None:
    """Make this forked process the one that was asked for."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    os.close(nothing)
    os.close(log)
    os.environ.update(request.environment)
    sys.argv = ["gencharge", request.name]
    show_as([sys.executable, "-m", "gencharge", request.name])


def main() -> None:
    """Load, and fork what is asked for until the parent ends or SIGTERM comes. SIGTERM before that ends it at once."""
    # A forked process keeps it to its end, so that the parent notices that.
    channel = socket.socket(fileno=os.dup(0))
    loading.begin()
    for module in _MODULES:
        import_module(module)
    # Looking for garbage in all of it takes a tenth of a second, for which the programs would wait.
    gc.freeze()
    request = Forks(channel).serve()
    if request is not None:
        become(request)
        runpy.run_module("gencharge", run_name="__main__")


if __name__ == "__main__":
    main()
