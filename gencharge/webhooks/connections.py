"""Connections to integrators' servers, kept for some seconds: a handshake for each message would cost more than the message.

httpcore's own pool asks every idle connection at every call whether it is still open, which costs more than a new connection
does. So each is held here by itself. It belongs to a name and an address: two names at one address never share one, because a
certificate is checked against the name when the connection is made.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import Final

import httpcore

from gencharge.core.tls import tls

KEPT_SECONDS: Final = 5.0
# Of one name and address. More may be in use.
MAX_KEPT: Final = 16
_SWEEP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection leads: the address that was checked, and the name that the certificate must have."""

    scheme: str
    host: str
    port: int
    address: str


class Connections:
    """One set per client; close it."""

    def __init__(self, *, verify: ssl.SSLContext | None = None) -> None:
        """`verify` takes the place of the usual TLS context."""
        self._verify = verify
        self._backend = httpcore.AnyIOBackend()
        self._idle_of: dict[Place, list[httpcore.AsyncHTTPConnection]] = {}
        self._swept_at = time.monotonic()

    async def close(self) -> None:
        """Close what is kept."""
        for connections in self._idle_of.values():
            for connection in connections:
                await connection.aclose()
        self._idle_of.clear()

    async def call(self, place: Place, request: httpcore.Request, *, max_bytes: int) -> tuple[int, bytes]:
        """Send a request; the status and the first bytes of the answer.

        The other side may close a kept connection at the moment it is used. Then the request is sent again over a new one, so
        it may arrive twice. Raises httpcore.ConnectError and ConnectTimeout if nothing was sent, and httpcore's other errors.
        """
        idle = await self._take(place)
        if idle is not None:
            try:
                return await self._exchange(place, idle, request, max_bytes)
            except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError):
                pass
        return await self._exchange(place, self._connect(place), request, max_bytes)

    def _connect(self, place: Place) -> httpcore.AsyncHTTPConnection:
        origin = httpcore.Origin(place.scheme.encode(), place.address.encode(), place.port)
        context = (self._verify or tls()) if place.scheme == "https" else None
        return httpcore.AsyncHTTPConnection(
            origin, ssl_context=context, keepalive_expiry=KEPT_SECONDS, network_backend=self._backend
        )

    async def _exchange(
        self,
        place: Place,
        connection: httpcore.AsyncHTTPConnection,
        request: httpcore.Request,
        max_bytes: int,
    ) -> tuple[int, bytes]:
        try:
            response = await connection.handle_async_request(request)
            try:
                received = await _beginning_of(response, max_bytes)
            finally:
                await response.aclose()
        finally:
            if not await self._keep(place, connection):
                await asyncio.shield(connection.aclose())
        return response.status, received

    async def _take(self, place: Place) -> httpcore.AsyncHTTPConnection | None:
        idle = self._idle_of.get(place, [])
        while idle:
            connection = idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _keep(self, place: Place, connection: httpcore.AsyncHTTPConnection) -> bool:
        idle = self._idle_of.setdefault(place, [])
        if not connection.is_idle() or len(idle) >= MAX_KEPT:
            return False
        idle.append(connection)
        if time.monotonic() - self._swept_at >= _SWEEP_SECONDS:
            self._swept_at = time.monotonic()
            await self._sweep()
        return True

    async def _sweep(self) -> None:
        """Close what nobody has used for some seconds."""
        expired = list[httpcore.AsyncHTTPConnection]()
        for place, connections in list(self._idle_of.items()):
            expired += [each for each in connections if each.has_expired()]
            self._idle_of[place] = [each for each in connections if not each.has_expired()]
            if not self._idle_of[place]:
                del self._idle_of[place]
        for connection in expired:
            await connection.aclose()


async def _beginning_of(response: httpcore.Response, max_bytes: int) -> bytes:
    received = bytearray()
    try:
        async for part in response.aiter_stream():
            received += part
            if len(received) >= max_bytes:
                break
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        pass  # only the status matters, and it is known
    return bytes(received)
