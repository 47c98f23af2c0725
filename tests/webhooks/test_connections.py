"""Kept connections: used again, by one name and address only, and closed when nobody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpcore
import pytest

from gencharge.webhooks import connections as module
from gencharge.webhooks.connections import Connections, Place


class Partner:
    """A server that answers `answers` messages over a connection and then closes it: before an answer, if `rudely`."""

    def __init__(self) -> None:
        self.connections = 0
        self.messages = 0
        self.answers = 1_000
        self.rudely = False
        self.length = 2

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for _ in range(self.answers):
                await self._one(reader, writer)
            if self.rudely:
                await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        self.messages += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.length + b"x" * self.length)
        await writer.drain()


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    partner = Partner()
    server = await asyncio.start_server(partner.serve, "127.0.0.1", 0)
    partner.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    yield partner
    server.close()


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    connections = Connections()
    yield connections
    await connections.close()


async def call(connections: Connections, partner: Any, host: str = "one.example") -> tuple[int, bytes]:
    request = httpcore.Request(
        "POST",
        httpcore.URL(scheme="http", host="127.0.0.1", port=partner.port, target="/hooks"),
        headers=[(b"Host", host.encode()), (b"Content-Length", b"2")],
        content=b"{}",
        extensions={"timeout": {"connect": 5.0, "read": 5.0, "write": 5.0}},
    )
    place = Place("http", host, partner.port, "127.0.0.1")
    return await connections.call(place, request, max_bytes=100)


async def test_messages_to_one_name_share_a_connection(connections: Connections, partner: Partner) -> None:
    for _ in range(10):
        assert await call(connections, partner) == (200, b"xx")
    assert (partner.connections, partner.messages) == (1, 10)


async def test_two_names_at_one_address_never_share_one(connections: Connections, partner: Partner) -> None:
    for host in ("one.example", "two.example", "one.example", "two.example"):
        await call(connections, partner, host)
    assert partner.connections == 2


async def test_calls_side_by_side_have_a_connection_each_and_not_all_are_idle_of(
    connections: Connections, partner: Partner
) -> None:
    count = module.MAX_KEPT + 10
    answers = await asyncio.gather(*(call(connections, partner) for _ in range(count)))
    assert answers == [(200, b"xx")] * count
    assert partner.connections == count
    await asyncio.gather(*(call(connections, partner) for _ in range(module.MAX_KEPT)))
    assert partner.connections == count


@pytest.mark.parametrize("rudely", [False, True])
async def test_a_connection_that_was_closed_while_it_was_idle_of_costs_no_message(
    connections: Connections, partner: Partner, rudely: bool
) -> None:
    partner.answers, partner.rudely = 1, rudely
    for _ in range(3):
        assert (await call(connections, partner))[0] == 200
        await asyncio.sleep(0)
    assert (partner.connections, partner.messages) == (3, 3)


async def test_a_new_connection_that_breaks_is_an_error_and_not_tried_again(
    connections: Connections, partner: Partner
) -> None:
    partner.answers, partner.rudely = 0, True
    # Closed by the partner, or reset: it depends on what the loop sees first.
    with pytest.raises((httpcore.RemoteProtocolError, httpcore.ReadError)):
        await call(connections, partner)
    assert partner.connections == 1


async def test_a_long_answer_is_cut_and_its_connection_not_used_again(
    connections: Connections, partner: Partner
) -> None:
    partner.length = 200_000
    for _ in range(2):
        status, received = await call(connections, partner)
        assert (status, received[:100]) == (200, b"x" * 100)
        assert len(received) < 200_000
    assert partner.connections == 2


async def test_what_nobody_used_for_some_seconds_is_closed(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.05)
    monkeypatch.setattr(module, "_SWEEP_SECONDS", 0.0)
    connections = Connections()
    await call(connections, partner, "one.example")
    await asyncio.sleep(0.1)
    await call(connections, partner, "two.example")
    assert [place.host for place in connections._idle_of] == ["two.example"]
    await asyncio.sleep(0.1)
    await call(connections, partner, "two.example")
    assert partner.connections == 3
    await connections.close()
