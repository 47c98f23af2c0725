"""A store that is away or frozen for the length of a block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import psutil

from gencharge.core.stores.stores import Stores
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
    parent.suspend()
    # Only now: what it forks between the list and its own end of work would run on and answer.
    processes = [parent, *parent.children(recursive=True)]
    for process in processes[1:]:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@asynccontextmanager
async def without_mongo(stores: Stores) -> AsyncIterator[Stores]:
    """The same stores, but for a MongoDB that nobody serves.

    Its address is a socket's path: of a TCP connect that is cancelled when the client closes, PyMongo 4.20 leaves the socket to the
    garbage collector, whose warning then fails whichever test runs at that moment.
    """
    nowhere = {"mongo_url": "mongodb://%2Fnowhere%2Fmongodb.sock", "mongo_timeout_ms": 200}
    away = Stores.open(stores.settings.model_copy(update=nowhere))
    try:
        yield away
    finally:
        await away.close()
