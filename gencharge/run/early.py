"""The process that loads the product (`gencharge.run.forking`), begun before all else of `gencharge dev` (Linux).

Loading takes longer than anything else of a start, and needs no setting. It goes on while this process imports its own modules, reads the
settings and looks whether it may start at all; if not, the process that loads is ended.
"""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gencharge.run.processes import spawn

_COMMAND: Final = (sys.executable, "-m", "gencharge.run.forking")


@dataclass(frozen=True, slots=True)
class Loader:
    """The process, our end of its socket, and what it writes."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    log: Path


_begun: Loader | None = None


def begin() -> None:
    """Start it. What it writes is kept in memory: where the logs are is a setting."""
    global _begun
    # The file lives as long as the number that this process holds.
    _begun = start(Path(f"/proc/self/fd/{os.memfd_create('programs.log')}"))
    atexit.register(_end)


def start(log: Path) -> Loader:
    """Start one now, which writes to `log`."""
    channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        return Loader(spawn(_COMMAND, folder=Path.cwd(), log=log, stdin=theirs.fileno()), channel, log)


def take() -> Loader | None:
    """The one that was begun, once: who takes it ends it."""
    global _begun
    taken, _begun = _begun, None
    return taken


def _end() -> None:
    if (left := take()) is not None:
        left.process.terminate()
        left.process.wait()
