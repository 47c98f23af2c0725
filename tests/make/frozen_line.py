"""A network between us and a server, which a test may let swallow every packet."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self


class FrozenLine:
    """Relays TCP on loopback to a server's socket. While `frozen`, it takes what is sent and passes nothing on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()

    def freeze(self) -> None:
        """Swallow everything from now on."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Pass on what has arrived since, and all that follows."""
        self._flowing.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        await self._flowing.wait()
        answers, server = await asyncio.open_unix_connection(self._path)
        self._writers.append(server)
        for source, target in ((reader, server), (answers, writer)):
            task = asyncio.create_task(self._pump(source, target))
            self._tasks.add(task)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                await self._flowing.wait()
                target.write(data)
                await target.drain()
        target.close()
