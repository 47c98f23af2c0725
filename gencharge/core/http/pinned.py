"""HTTP to addresses that were checked: a name is looked up once, and one of its checked addresses is connected to.

Who owns a host name decides at each look-up which address that is, so a check on the text of a URL protects nothing, and
neither does a look-up that another one follows.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Final

import httpx

from gencharge.core.http.addresses import Reach

# Of one host name.
MAX_ADDRESSES: Final = 3
Resolve = Callable[[str, int], Awaitable[list[str]]]


class AddressRefused(ValueError):
    """A URL, or an address that its host resolves to, that we don't call."""


class Resolver:
    """Looks names up in threads of its own: a look-up that hangs must not block the process's other threads."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="names")

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
    """A transport for the calls to one host: two names at one address must not share its connections.

    The certificate is checked against the name.
    """

    def __init__(
        self, reach: Reach, resolve: Resolve, *, verify: ssl.SSLContext, limits: httpx.Limits
    ) -> None:
        self._reach = reach
        self._resolve = resolve
        self._inner = httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises AddressRefused; ConnectError also if nobody knows the name."""
        host = request.url.raw_host.decode("ascii")
        addresses = await self._addresses(host, request.url)
        last = min(len(addresses), MAX_ADDRESSES) - 1
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

    async def _addresses(self, host: str, url: httpx.URL) -> list[str]:
        try:
            addresses = [str(ip_address(host))]
        except ValueError:
            try:
                addresses = await self._resolve(host, url.port or (443 if url.scheme == "https" else 80))
            except socket.gaierror as error:
                raise httpx.ConnectError("name not found") from error
        if not addresses or not all(self._reach.allows(address) for address in addresses):
            raise AddressRefused(host)
        return addresses
