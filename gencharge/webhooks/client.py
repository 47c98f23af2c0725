"""Posts messages to integrators: to checked addresses only, without redirects and proxies, in ten seconds at most."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import httpx

from gencharge.webhooks.addresses import Reach, check_url

TIMEOUT_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 5.0
MAX_STORED_BYTES: Final = 1_000
# Of one host name.
_MAX_ADDRESSES: Final = 3
Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressRefused(Exception):
    """The host name resolves to an address that webhooks are not sent to."""


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


class Resolver:
    """Looks names up in threads of its own: a look-up that hangs must not block the process's other threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="webhook-names")

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a host, in the order of preference. Raises socket.gaierror."""

        def look_up() -> list[str]:
            records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(place[4][0]) for place in records))

        return await asyncio.get_running_loop().run_in_executor(self._threads, look_up)

    def close(self) -> None:
        """Stop without waiting for look-ups."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class PinnedTransport(httpx.AsyncBaseTransport):
    """Looks a name up once, checks every address, and connects to one of those: no second look-up can swap it.

    The certificate is checked against the name. No connection is kept: the next message looks the name up again, and
    two names at one address never share a connection.
    """

    def __init__(self, reach: Reach, resolve: Resolve, *, verify: ssl.SSLContext | bool = True) -> None:
        self._reach = reach
        self._resolve = resolve
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii")
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        addresses = await self._resolve(host, port)
        if not addresses or not all(self._reach.allows(address) for address in addresses):
            raise AddressRefused
        last = min(len(addresses), _MAX_ADDRESSES) - 1
        for number, address in enumerate(addresses[: last + 1]):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,  # with the Host of the name
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == last:
                    raise
        raise AssertionError("unreachable")

    async def aclose(self) -> None:
        await self._inner.aclose()


class WebhookClient:
    """Calls integrators. One per process; close it."""

    def __init__(
        self, reach: Reach, *, timeout_seconds: float = TIMEOUT_SECONDS, resolve: Resolve | None = None
    ) -> None:
        self._reach = reach
        self._timeout_seconds = timeout_seconds
        self._resolver = Resolver()
        self._client = httpx.AsyncClient(
            transport=PinnedTransport(reach, resolve or self._resolver),
            timeout=httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds)),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "GenCharge-Webhooks/1", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
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
                return ended(*await self._call(url, headers, body))
        except (AddressRefused, ValueError):
            return ended(error="address_refused")
        except (TimeoutError, httpx.TimeoutException):
            return ended(error="timeout")
        except socket.gaierror:
            return ended(error="name_not_found")
        except (httpx.HTTPError, OSError) as error:
            return ended(error=f"{type(error).__name__}: {error}"[:200].replace("\x00", ""))

    async def _call(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        headers_sent = {"Content-Type": "application/json", **headers}
        async with self._client.stream("POST", url, content=body, headers=headers_sent) as answer:
            received = bytearray()
            try:
                async for part in answer.aiter_raw():
                    received += part
                    if len(received) >= MAX_STORED_BYTES:
                        break
            except httpx.HTTPError:
                pass  # only the status matters, and it is known
            return answer.status_code, bytes(received)
