"""The API, the worker and the sandbox of `gencharge dev`: how they are started, watched and stopped, and their logs."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final

from gencharge.run import early
from gencharge.run.embedded import ServerFailed
from gencharge.run.forking import MAX_BYTES, STOP_SECONDS, Request
from gencharge.run.preload import BEGIN
from gencharge.run.processes import last_lines, send, spawn

# The process that forks the programs ends them by force itself; this is for one that does not answer.
_FORCE_SECONDS: Final = STOP_SECONDS + 1
_LOOK_SECONDS: Final = 0.01


class Log:
    """What a program has written, of which new lines are shown."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self._output: BinaryIO = path.open("rb")

    def news(self) -> str:
        """What was written since the last call."""
        return self._output.read().decode(errors="replace")

    def close(self) -> None:
        """Keep the file, which is not read any more."""
        self._output.close()


class Programs(ABC):
    """Commands of `gencharge` that run until they are stopped. Each gets `environment` on top of our own."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self._folder = logs
        self._environment = dict(environment)
        self._logs: dict[str, Log] = {}
        self._started: set[str] = set()
        self._finished: set[str] = set()

    @abstractmethod
    def load(self) -> None:
        """Begin to load what the API needs, so that it starts at once later. Returns at once."""

    def start(self, name: str) -> None:
        """Start a command, if it was not started yet. Returns at once."""
        if name not in self._started:
            self._started.add(name)
            self._start(name, self._begin_log(name), self._environment)

    def begin(self, name: str) -> None:
        """Start a command that is to end, in our own environment. `finish` waits for it."""
        log = self.log_of(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        self._start(name, str(log), {})

    def finish(self, name: str) -> None:
        """Wait until a command that was begun has ended. Raises ServerFailed if it, or any other, failed."""
        while name not in self._finished:
            if (name, 0) in self._ended():
                self._finished.add(name)
            self.check()
            time.sleep(_LOOK_SECONDS)  # The next step waits for it, and there is nothing else to do.

    def log_of(self, name: str) -> Path:
        """The file that a command writes to."""
        return self._folder / f"{name}.log"

    def news(self) -> str:
        """What they have written since the last call."""
        return "".join(log.news() for log in self._logs.values())

    def check(self) -> None:
        """Raise ServerFailed, with the last words, when one has ended by itself."""
        for name, code in self._ended():
            if name not in self._finished:
                raise ServerFailed(f"gencharge {name} {_how(code)}{_last_words(self.log_of(name))}")

    def stop(self) -> None:
        """End them all, by force after a while."""
        self._stop()
        for log in self._logs.values():
            log.close()

    def _begin_log(self, name: str) -> str:
        """The path of the file that a command is about to write to, empty if it has not begun to load."""
        if name not in self._logs:
            self._logs[name] = Log(self.log_of(name))
        return str(self.log_of(name))

    @abstractmethod
    def _start(self, name: str, log: str, environment: Mapping[str, str]) -> None: ...

    @abstractmethod
    def _ended(self) -> list[tuple[str, int]]:
        """Those that have ended, with their exit codes."""

    @abstractmethod
    def _stop(self) -> None: ...


class Forked(Programs):
    """Processes that are forked from one which has loaded the product: `gencharge.run.forking`."""

    _loader: subprocess.Popen[bytes] | None = None
    _channel: socket.socket

    def load(self) -> None:
        path = self._folder / "programs.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        self._pids: dict[str, int] = {}
        self._codes: dict[str, int] = {}
        self._all_ended = False
        loader = early.take() or early.start(path)
        self._loader, self._channel, self._loader_log = loader.process, loader.channel, loader.log

    def _start(self, name: str, log: str, environment: Mapping[str, str]) -> None:
        request = Request(name, log, environment)
        with suppress(OSError):  # it has ended: the next check says so
            self._channel.send(json.dumps(asdict(request)).encode())

    def _ended(self) -> list[tuple[str, int]]:
        self._listen(0)
        if (
            not self._codes.keys() - self._finished
            and self._loader is not None
            and (code := self._loader.poll()) is not None
        ):
            words = _last_words(self._loader_log)
            raise ServerFailed(
                f"the process that loads the API, the worker and the sandbox {_how(code)}{words}"
            )
        return list(self._codes.items())

    def _listen(self, seconds: float) -> None:
        """Read what the loader tells, waiting for it so many seconds at most."""
        while not self._all_ended and select.select([self._channel], [], [], seconds)[0]:
            seconds = 0
            packet = b""
            with suppress(ConnectionResetError):  # it ended without reading our last request
                packet = self._channel.recv(MAX_BYTES)
            if not packet:
                self._all_ended = True
                return
            news = json.loads(packet)
            if "pid" in news:
                self._pids[news["name"]] = news["pid"]
            else:
                del self._pids[news["name"]]
                self._codes[news["name"]] = news["code"]

    def _stop(self) -> None:
        if self._loader is None:
            return
        self._loader.terminate()
        end = time.monotonic() + _FORCE_SECONDS
        while not self._all_ended and (rest := end - time.monotonic()) > 0:
            self._listen(rest)
        if not self._all_ended:
            send(self._pids.values(), signal.SIGKILL)
            self._loader.kill()
        self._loader.wait()
        self._channel.close()
        (self._folder / "programs.log").write_bytes(self._loader_log.read_bytes())


class Spawned(Programs):
    """Processes that load the product themselves, where one that has loaded it may not be forked."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        super().__init__(logs, environment)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def load(self) -> None:
        log = self._begin_log("serve")
        self._spawn("serve", log, self._environment, program="gencharge.run.preload", stdin=subprocess.PIPE)

    def _start(self, name: str, log: str, environment: Mapping[str, str]) -> None:
        if name not in self._processes:
            self._spawn(name, log, environment, program="gencharge", stdin=subprocess.DEVNULL)
        elif (pipe := self._processes[name].stdin) is not None:
            with suppress(BrokenPipeError), pipe:  # it has ended: the next check says so
                pipe.write(BEGIN)

    def _spawn(
        self, name: str, log: str, environment: Mapping[str, str], *, program: str, stdin: int
    ) -> None:
        self._processes[name] = spawn(
            [sys.executable, "-m", program, name],
            folder=Path.cwd(),
            log=Path(log),
            environment={**os.environ, **environment},
            stdin=stdin,
        )

    def _ended(self) -> list[tuple[str, int]]:
        codes = {name: process.poll() for name, process in self._processes.items()}
        return [(name, code) for name, code in codes.items() if code is not None]

    def _stop(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()


def programs_of(logs: Path, environment: Mapping[str, str]) -> Programs:
    """Programs of the kind that this system allows: elsewhere than on Linux libraries of the system may not be forked."""
    return (Forked if sys.platform == "linux" else Spawned)(logs, environment)


def _how(code: int) -> str:
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _last_words(log: Path) -> str:
    words = "\n".join(f"    {line}" for line in last_lines(log, 12))
    return f"; its last lines:\n{words}"
