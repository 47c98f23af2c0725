"""Posts messages to integrators: to checked addresses only, without redirects and proxies, in ten seconds at most."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httpcore
import httpx

from gencharge.core.http.addresses import Reach, check_url
from gencharge.core.http.pinned import MAX_ADDRESSES, AddressRefused, Resolve, Resolver
from gencharge.webhooks.connections import Connections, Place

TIMEOUT_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 5.0
MAX_STORED_BYTES: Final = 1_000
_FIELDS: Final = (
    (b"User-Agent", b"GenCharge-Webhooks/1"),
    (b"Accept", b"*/*"),
    (b"Accept-Encoding", b"identity"),
    (b"Content-Type", b"application/json"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: an answer's status and beginning, or why there was none."""

    duration_ms: int
    status: int | None = None
    response: str = ""
    error: str = ""

    @property
    def delivered(self) -> bool:
        """True for 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """True for 410: the endpoint asks not to be called again."""
        return self.status == httpx.codes.GONE


@dataclass(frozen=True, slots=True)
class _Target:
    """The parts of an endpoint's address."""

    scheme: str
    host: str
    port: int
    path: bytes
    host_field: bytes


@lru_cache(maxsize=256)
def _target(url: str) -> _Target:
    parsed = httpx.URL(url)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    return _Target(parsed.scheme, parsed.raw_host.decode("ascii"), port, parsed.raw_path, parsed.netloc)


class WebhookClient:
    """Calls integrators. One per process; close it.

    It looks a name up once for a message, checks every address, and connects to one of those: no second look-up can swap it.
    """

    def __init__(
        self,
        reach: Reach,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        resolve: Resolve | None = None,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        """`resolve` and `verify` take the place of the system's look-up and of the usual TLS context."""
        self._reach = reach
        self._timeout_seconds = timeout_seconds
        self._resolver = Resolver()
        self._resolve = resolve or self._resolver
        self._connections = Connections(verify=verify)
        connect_seconds = min(CONNECT_SECONDS, timeout_seconds)
        self._timeouts = {"connect": connect_seconds, "read": timeout_seconds, "write": timeout_seconds}

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()
        self._resolver.close()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Post a message. Errors are returned as outcomes, not raised."""
        began_at = time.monotonic()

        def ended(status: int | None = None, response: bytes = b"", error: str = "") -> Outcome:
            # PostgreSQL's text takes no NUL.
            text = response[:MAX_STORED_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
            return Outcome(int((time.monotonic() - began_at) * 1000), status, text, error)

        try:
            check_url(url, self._reach)  # the settings may have become stricter since it was stored
            # For the whole call, because an answer that arrives byte by byte never exceeds the time-out of a single read.
            async with asyncio.timeout(self._timeout_seconds):
                return ended(*await self._call(_target(url), headers, body))
        except ValueError:
            return ended(error="address_refused")
        except (TimeoutError, httpcore.TimeoutException):
            return ended(error="timeout")
        except socket.gaierror:
            return ended(error="name_not_found")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return ended(error=f"{type(error).__name__}: {error}"[:200].replace("\x00", ""))

    async def _call(self, target: _Target, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        addresses = await self._resolve(target.host, target.port)
        if not addresses or not all(self._reach.allows(address) for address in addresses):
            raise AddressRefused
        fields = [
            (b"Host", target.host_field),
            *_FIELDS,
            (b"Content-Length", str(len(body)).encode()),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        last = min(len(addresses), MAX_ADDRESSES) - 1
        for number, address in enumerate(addresses[: last + 1]):
            request = httpcore.Request(
                "POST",
                httpcore.URL(scheme=target.scheme, host=address, port=target.port, target=target.path),
                headers=fields,
                content=body,
                extensions={"timeout": self._timeouts, "sni_hostname": target.host},
            )
            place = Place(target.scheme, target.host, target.port, address)
            try:
                return await self._connections.call(place, request, max_bytes=MAX_STORED_BYTES)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == last:
                    raise
        raise AssertionError("unreachable")
