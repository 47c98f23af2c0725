"""`gencharge dev` in a process that has loaded the product (tests/make/fork_server.py), and what it runs forked from there, too.

A start from nothing loads the product twice, in 4 s of CPU: `tests/test_readme.py`, the first start of `tests/test_dev.py` and the signals
during a start in `tests/test_stopping.py` do that.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

from gencharge.run import early, entry, forking
from gencharge.run.processes import end_with_parent


class Child:
    """What `gencharge dev` does with the `subprocess.Popen` of its loader, for one that was forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self) -> int:
        """The exit code at its end."""
        while (code := self.poll()) is None:
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        """Send it SIGTERM, if it still runs."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it by force, if it still runs."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def start(log: Path) -> early.Loader:
    """As `gencharge.run.early.start`. Returns in this process only."""
    assert threading.active_count() == 1, "a process with threads can't be forked"
    channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent = os.getpid()
    if pid := os.fork():
        theirs.close()
        return early.Loader(cast("subprocess.Popen[bytes]", Child(pid)), channel, log)
    os.setsid()
    end_with_parent(parent)
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    for number, file in enumerate((theirs.fileno(), output, output)):
        os.dup2(file, number)
    os.close(output)
    theirs.close()
    channel.close()
    forking.main()
    sys.exit()


if __name__ == "__main__":
    early.start = start
    entry.run()
