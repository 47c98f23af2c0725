"""Stands in for Firebase Cloud Messaging: takes every message, and counts. It costs the machine as little as it can, because the real one costs it nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "
_TOKEN: Final = b"bench-"


def token_of(number: int) -> str:
    """The token of the device with this number, from 0."""
    return f"bench-{number}"


class PushService:
    """What came, by the device's number."""

    def __init__(self, devices: int) -> None:
        self.url = ""
        # How many messages each device got.
        self._got = bytearray(devices)
        self.reached = 0
        self.total = 0

    def account(self) -> str:
        """A service account whose access tokens come from here."""
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return json.dumps(
            {
                "project_id": "bench",
                "client_email": "push@bench.iam.gserviceaccount.com",
                "private_key": private,
                "token_uri": f"{self.url}/token",
            }
        )

    def take(self, body: bytes) -> None:
        """Count a message."""
        begin = body.index(_TOKEN) + len(_TOKEN)
        number = int(body[begin : body.index(b'"', begin)])
        self.reached += not self._got[number]
        self._got[number] = min(255, self._got[number] + 1)
        self.total += 1


class _Connection(asyncio.Protocol):
    """One connection: requests one after the other, as the workers send them."""

    def __init__(self, service: PushService) -> None:
        self._service = service
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A worker is there."""
        # uvloop's transports are no asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._buffer += data
        while (end := self._buffer.find(_HEAD_END)) >= 0:
            head = self._buffer[:end].lower()
            begin = head.index(_LENGTH) + len(_LENGTH)
            stop = head.find(b"\r", begin)
            size = end + len(_HEAD_END) + int(head[begin : stop if stop >= 0 else end])
            if len(self._buffer) < size:
                return
            body, self._buffer = self._buffer[end + len(_HEAD_END) : size], self._buffer[size:]
            self._transport.write(self._answer(head, body))

    def _answer(self, head: bytes, body: bytes) -> bytes:
        content = b'{"name": "projects/bench/messages/1"}'
        if head.startswith(b"post /token"):
            content = b'{"access_token": "bench", "expires_in": 3600}'
        else:
            self._service.take(body)
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
            len(content),
            content,
        )


@asynccontextmanager
async def serving(devices: int) -> AsyncIterator[PushService]:
    """The service for so many devices, while the block runs."""
    service = PushService(devices)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(service), "127.0.0.1", 0)
    async with server:
        service.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield service
