"""A bare HTTP client for load: a connection for each request, no pool that could wait or retry behind our back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> Any:
        return orjson.loads(self.content)


async def post(
    port: int, path: str, headers: dict[str, str], body: Any, *, seconds: float = 10
) -> Answer | None:
    """The answer, or None if the connection was refused, broken, or silent for too long."""
    try:
        return await asyncio.wait_for(_post(port, path, headers, orjson.dumps(body)), seconds)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return None


async def _post(port: int, path: str, headers: dict[str, str], content: bytes) -> Answer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = [f"POST {path} HTTP/1.1", "Host: test", "Connection: close", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()] + [f"Content-Length: {len(content)}"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        answer = await reader.readexactly(int(fields["content-length"]))
        return Answer(int(head[0].split()[1]), fields, answer)
    finally:
        writer.close()
