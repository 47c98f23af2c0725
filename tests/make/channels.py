"""Builders of channels, and operators that answer as a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels.answers import Submission
from gencharge.channels.models import Fulfilment
from gencharge.channels.routing import Channel
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def make_channel(**overrides: Any) -> Channel:
    """A channel of Jio that takes Rs 1 to Rs 500, with a commission of 3 %."""
    values: dict[str, Any] = {
        "code": "jio-direct",
        "operator": "JIO",
        "url": "http://127.0.0.1:9",
        "priority": 10,
        "weight": 100,
        "min_amount": 100,
        "max_amount": 50_000,
        "commission_bp": 300,
        "is_active": True,
    }
    return Channel(**(values | overrides))


def make_submission(**overrides: Any) -> Submission:
    """A recharge of Rs 299 over Jio, under a reference of its own."""
    values: dict[str, Any] = {
        "reference": str(uuid4()),
        "operator": "JIO",
        "phone_number": "+919876543210",
        "plan_id": str(uuid4()),
        "amount_paise": 29_900,
    }
    return Submission(**(values | overrides))


def channel_body(**overrides: Any) -> dict[str, Any]:
    """The body of a new channel of Jio, with a code of its own."""
    values: dict[str, Any] = {
        "code": f"jio-{uuid4().hex[:12]}",
        "operator": "JIO",
        "name": "Jio direct",
        "url": "https://recharge.jio.example/operators/jio",
        "priority": 30,
        "weight": 50,
        "min_amount": 10,
        "max_amount": 5000,
        "commission_basis_points": 250,
    }
    return values | overrides


async def queue(stores: Stores, operator: str = "JIO", **overrides: Any) -> tuple[UUID, UUID]:
    """A recharge of Rs 299 in the operator's queue: (user id, recharge id)."""
    values: dict[str, Any] = {
        "user": uuid4(),
        "recharge": uuid4(),
        "phone": "+919876543210",
        "operator": operator,
        "plan": uuid4(),
        "amount": 29_900,
        "now": clock.now(),
    }
    values |= overrides
    call = text(
        """
        SELECT queue_fulfilment(
            p_user => :user, p_recharge => :recharge, p_phone => :phone, p_operator => :operator, p_plan => :plan,
            p_amount => :amount, p_now => :now)
        """
    )
    await stores.database.run(lambda db: db.execute(call, values))
    return values["user"], values["recharge"]


async def get_fulfilment(stores: Stores, key: tuple[UUID, UUID]) -> Fulfilment:
    """A recharge's row in the queue, as it is now."""

    async def unit(db: AsyncSession) -> Fulfilment:
        return await db.get_one(Fulfilment, key)

    return await stores.database.run(unit)


@dataclass
class Operator:
    """An operator's HTTP server: `reply` writes each answer, byte by byte if it likes."""

    reply: Reply
    url: str = ""
    requests: list[bytes] = field(default_factory=list)

    def channel(self, **overrides: Any) -> Channel:
        """A channel to this operator."""
        return make_channel(url=self.url, **overrides)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                ),
                0,
            )
            self.requests.append(head + await reader.readexactly(length))
            await self.reply(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()


@asynccontextmanager
async def operator_server(reply: Reply) -> AsyncIterator[Operator]:
    """An operator on a free port."""
    operator = Operator(reply)
    server = await asyncio.start_server(operator.serve, "127.0.0.1", 0)
    operator.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield operator
    finally:
        server.close()


def http(status: int, body: bytes, *headers: str) -> bytes:
    """An HTTP answer that ends the connection."""
    lines = [f"HTTP/1.1 {status} X", "Connection: close", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answers(document: object, status: int = 200) -> Reply:
    """Answer each request with a JSON document."""
    return sends(http(status, json.dumps(document).encode()))


def sends(*parts: bytes, pause_seconds: float = 0) -> Reply:
    """Answer each request with these bytes, with a pause between the parts."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_seconds)

    return reply
