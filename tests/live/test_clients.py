"""What waits for a client is bounded, and an ended client takes nothing more."""

from __future__ import annotations

import asyncio

import pytest

from gencharge.live.changes import Position
from gencharge.live.clients import MAX_WAITING, Client, Message
from gencharge.sessions.errors import SessionEnded
from tests.make.sessions import make_principal


def _client() -> Client:
    return Client(make_principal(), expires_at=0, last=None)


async def test_messages_come_in_order_and_all_at_once() -> None:
    client = _client()
    for number in (1, 2, 3):
        client.send(Message("balance", str(number), Position(1, number)))
    assert [message.text for message in await client.take()] == ["1", "2", "3"]
    assert client.position == Position(1, 3)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.take()


async def test_a_client_that_reads_nothing_loses_its_queue_and_its_connection() -> None:
    client = _client()
    for _ in range(MAX_WAITING + 1):
        client.send(Message("balance", "{}", None))
    assert client.waiting == 0
    assert client.problem is not None
    assert client.problem.code() == "client_too_slow"
    client.send(Message("balance", "{}", None))
    assert await client.take() == []


async def test_what_waits_is_sent_before_the_end_but_not_to_one_who_has_gone() -> None:
    ended, gone = _client(), _client()
    for client in (ended, gone):
        client.send(Message("balance", "{}", None))
    ended.end(SessionEnded())
    gone.end()
    assert len(await ended.take()) == 1
    assert await ended.take() == []
    assert await gone.take() == []
    # The first reason stays.
    ended.end()
    assert ended.problem is not None
    assert ended.expired
