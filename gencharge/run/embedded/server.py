"""What the three embedded servers have in common: start, wait, stop, kill, and cleaning up after a crash."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from gencharge.core.sockets import socket_folder
from gencharge.run.embedded import disk
from gencharge.run.embedded.binaries import Binary, missing_library
from gencharge.run.embedded.errors import ServerFailed
from gencharge.run.embedded.ownership import match_owner, own_folder, server_account, with_passage
from gencharge.run.embedded.platforms import what_to_do_without
from gencharge.run.processes import (
    POLL_SECONDS,
    Account,
    find_in_folder,
    last_lines,
    send,
    spawn,
    wait_until_free,
)

_LOG_LIMIT_BYTES = 20_000_000
_FULL_BYTES = 1_000_000


class Server(ABC):
    """One embedded server: start, wait, stop, kill, start again."""

    name: ClassVar[str]
    label: ClassVar[str]
    program: ClassVar[str]
    setting: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.resolve()
        self.folder = (self.data_dir / self.name).resolve()
        self.log = self.data_dir / "logs" / f"{self.name}.log"
        self.sockets = socket_folder(self.data_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """Where a client finds it."""

    @property
    @abstractmethod
    def socket(self) -> Path:
        """The socket it listens on."""

    @abstractmethod
    def _find(self) -> Binary | None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...

    def _passes(self) -> list[Path]:
        """The files that the server's user has to reach."""
        return [self.binary.path.resolve(), self.folder, self.sockets / "socket"]

    def _prepare(self, account: Account | None) -> None:
        """Make the data folder ready; called when no other process uses it."""
        own_folder(self.folder, account)

    @cached_property
    def binary(self) -> Binary:
        """The program that is started; raises ServerFailed if there is none."""
        program = self._find()
        if program is None:
            raise ServerFailed(what_to_do_without([self]))
        return program

    @property
    def is_installed(self) -> bool:
        """Whether there is a program to start."""
        return self._find() is not None

    @cached_property
    def version(self) -> str:
        """The version that the program reports, such as `18.4`."""
        return self.binary.version()

    @property
    def running(self) -> bool:
        """Whether the process that `start` made is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the started server; raises ServerFailed when it was not started."""
        if self._process is None:
            raise ServerFailed(f"{self.label} was not started")
        return self._process.pid

    @property
    def unreachable(self) -> str:
        """The line for a user whose command finds that the server does not run."""
        return (
            f"{self.label} at {self.socket} isn't reachable: start it with `make run` or set {self.setting}"
        )

    def left_running(self) -> list[int]:
        """Pids of the server's processes in the data folder, including those that another program started."""
        return find_in_folder(self.folder, {self.program})

    def start(self) -> None:
        """Start the process and return at once; whatever an earlier run left behind is cleaned up first."""
        if self.running:
            return
        account = server_account(self.data_dir)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if account is not None:
            self.data_dir.chmod(self.data_dir.stat().st_mode | stat.S_IXOTH)
        own_folder(self.sockets, account, mode=0o700)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch()
        match_owner(self.log.parent)
        match_owner(self.log)
        self._end_leftovers()
        self.binary.open_to(account)
        account = with_passage(account, *self._passes())
        self._prepare(account)
        self.socket.unlink(missing_ok=True)
        self._log_start = self.log.stat().st_size
        self._process = spawn(
            self._command(),
            folder=self.folder,
            log=self.log,
            death_signal=self.stop_signal,
            account=account,
            environment={**os.environ, **self.binary.environment},
        )

    def wait_ready(self, timeout: float = 30) -> None:
        """Return when the server answers; raises ServerFailed when it stops or `timeout` seconds pass."""
        deadline = time.monotonic() + timeout
        while not self._answers():
            if not self.running:
                raise ServerFailed(self.why_stopped())
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.label} was not ready in {timeout:g} s; see {self.log}")
            time.sleep(POLL_SECONDS)  # A server announces nothing; it has to be asked.

    def stop(self, timeout: float = 20) -> None:
        """Shut down in order (clients are cut off), by force after `timeout` seconds."""
        self.ask_to_stop()
        if self._process is not None:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def ask_to_stop(self) -> None:
        """Send the signal for an orderly shutdown and return at once."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)

    def kill(self) -> None:
        """SIGKILL the server and every process of it, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            # Stopped first, so that it cannot start another child while they are counted.
            self._process.send_signal(signal.SIGSTOP)
            send([*self.left_running(), self._process.pid], signal.SIGKILL)
            self._process.wait()
        send(self.left_running(), signal.SIGKILL)
        wait_until_free(self.folder, {self.program}, timeout=10)
        self._process = None

    def _end_leftovers(self) -> None:
        names = {self.program}
        for number, patience in ((self.stop_signal, 10.0), (signal.SIGKILL, 5.0)):
            send(self.left_running(), number)
            if wait_until_free(self.folder, names, patience):
                return
        raise ServerFailed(f"{self.label}: pids {self.left_running()} hold {self.folder}; stop them")

    def why_stopped(self) -> str:
        """One line about a server that ended by itself: the remedy if it is known, else its last log lines."""
        code = self._process.poll() if self._process else None
        lines = [_readable(line) for line in last_lines(self.log, since=self._log_start)]
        hint = missing_library(lines)
        if code == -signal.SIGILL:
            hint = "this processor lacks an instruction set that it needs (AVX)"
        # A full disk takes the log's last lines, too.
        is_full = disk.free_bytes(self.data_dir) < _FULL_BYTES
        if not hint and (is_full or any("No space left on device" in line for line in lines)):
            hint = disk.shortage(self.data_dir)
        return f"{self.label} stopped: {hint or ' | '.join(lines[-3:]) or f'exit code {code}'}"


def _readable(line: str) -> str:
    """What a log line says; mongod writes JSON."""
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict):
        return line
    details = entry.get("attr", {})
    return f"{entry.get('msg', line)} {details.get('error', '') if isinstance(details, dict) else ''}".strip()
