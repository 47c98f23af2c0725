"""A store that is away or frozen for the length of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from gencharge.run.embedded.server import Server


@contextmanager
def away(server: Server) -> Iterator[None]:
    """Stopped; started again at the end."""
    server.stop()
    try:
        yield
    finally:
        server.start()
        server.wait_ready()


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Each process of it stands still (SIGSTOP): the kernel takes connections, and nobody answers."""
    parent = psutil.Process(server.pid)
    processes = [parent, *parent.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
