"""Clients of an API, or of a proxy in front of several, that count what they are answered and what is cut off."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import httpx
import orjson

from tests.faults.site import Site
from tests.faults.test_faults import new_number

CLIENTS = 12


class Load:
    """Clients that send one request after another, half of them over connections that they keep. None sends a request twice."""

    def __init__(
        self, site: Site, *, port: int | None = None, with_sign_in: bool = True, pause_seconds: float = 0
    ) -> None:
        """`port`: of a proxy in front; else of the site's API. Without sign-in no request may be refused. `pause_seconds`: after each."""
        self._port = port or site.port
        self._with_sign_in, self._pause_seconds = with_sign_in, pause_seconds
        self.over = False
        # A plan that starts at once beside any other.
        query = {"operator": "JIO", "category": "unlimited", "sort": "price", "limit": "1"}
        plans = httpx.get(f"http://127.0.0.1:{self._port}/v1/plans", params=query).json()["items"]
        self._sale = {"plan_id": plans[0]["plan_id"], "payment_method": "wallet", "automatic_offer": False}
        self._headers = site.headers(range(1, CLIENTS + 1))
        self.answers: Counter[int] = Counter()
        # A request was written to a connection that had been made, and no whole answer came back.
        self.cut_off: list[str] = []
        # Clients whose connection was refused.
        self.refused = 0

    async def client(self, number: int) -> None:
        """Goes on until it is over, or a connection is refused."""
        keeps = number % 2 == 0
        connection = None
        while not self.over:
            connection = connection if keeps else None
            if connection is None:
                try:
                    connection = await asyncio.open_connection("127.0.0.1", self._port)
                except OSError:
                    self.refused += 1
                    return
            reader, writer = connection
            try:
                closing = await self._request(reader, writer, number, keeps)
            except (OSError, EOFError) as problem:
                self.cut_off.append(f"{'kept' if keeps else 'new'}: {problem!r}")
                closing = True
            if closing or not keeps:
                writer.close()
                connection = None
            if self._pause_seconds:
                await asyncio.sleep(self._pause_seconds)
        if connection is not None:
            connection[1].close()

    async def _request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, keeps: bool
    ) -> bool:
        """Send a request and read its answer; whether the server closes the connection."""
        method, path, body = self._next(number)
        content = orjson.dumps(body) if body else b""
        fields = {
            **self._headers[number],
            "Host": "test",
            "Connection": "keep-alive" if keeps else "close",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
            "Idempotency-Key": f"stop-{uuid4()}",
        }
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        answer = dict(line.split(": ", 1) for line in head[1:] if line)
        await reader.readexactly(int(answer.get("content-length", 0)))
        self.answers[int(head[0].split()[1])] += 1
        return answer.get("connection") == "close"

    def _next(self, number: int) -> tuple[str, str, dict[str, object] | None]:
        kinds: list[tuple[str, str, dict[str, object] | None]] = [
            ("GET", "/v1/wallet", None),  # PostgreSQL, the fast pool
            ("GET", "/v1/recharge", None),  # PostgreSQL, the sessions
            ("GET", "/v1/notifications", None),  # MongoDB
            ("POST", "/v1/auth/login", {"phone_number": f"90000010{number + 1:02d}"}),  # Redis
            (
                "POST",
                "/v1/recharge/subscribe",
                self._sale | {"phone_number": new_number()},
            ),  # PostgreSQL, money
        ]
        if self._with_sign_in:
            return kinds[number % len(kinds)]
        kinds = [kind for kind in kinds if "login" not in kind[1]]
        # Over connections of both sorts.
        return kinds[::-1][number // 2 % len(kinds)]
