"""What waits for a client is bounded, and an ended client takes nothing more."""

from __future__ import annotations

import asyncio
import json

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


class Line:
    """What is written past the queue, while the client reads."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.is_open = True

    def write(self, frame: bytes) -> bool:
        if self.is_open:
            self.frames.append(frame)
        return self.is_open


async def test_a_message_is_written_at_once_and_behind_what_waits() -> None:
    client, line = _client(), Line()
    client.write_frame = line.write
    client.send(Message("balance", "1", Position(1, 1)))
    assert (client.waiting, client.position) == (0, Position(1, 1))
    line.is_open = False
    client.send(Message("balance", "2", Position(1, 2)))
    line.is_open = True
    client.send(Message("balance", "3", Position(1, 3)))
    assert client.waiting == 2, "nothing overtakes what waits"
    assert [message.text for message in await client.take()] == ["2", "3"]
    client.send(Message("balance", "4", Position(1, 4)))
    assert client.waiting == 1, "nothing overtakes what is being sent"
    assert [message.text for message in await client.take()] == ["4"]
    task = asyncio.create_task(client.take())
    await asyncio.sleep(0)
    client.send(Message("balance", "5", Position(1, 5)))
    assert len(line.frames) == 2
    client.end()
    assert await task == []
    client.send(Message("balance", "6", Position(1, 6)))
    assert len(line.frames) == 2, "who has gone is written nothing"


async def test_one_who_does_not_read_loses_the_connection_also_where_frames_are_written_at_once() -> None:
    client, line = _client(), Line()
    client.write_frame, line.is_open = line.write, False
    for _ in range(MAX_WAITING + 1):
        client.send(Message("balance", "{}", None))
    assert client.problem is not None
    assert client.problem.code() == "client_too_slow"


def test_a_message_for_many_is_made_a_frame_once() -> None:
    text = json.dumps({"type": "notification", "text": "नमस्ते" * 20}, ensure_ascii=False)
    message = Message("notification", text, None)
    assert message.frame is message.frame
    # RFC 6455, section 5.2: a whole text, not masked, its length in two more bytes.
    length = len(text.encode())
    assert message.frame == bytes([0x81, 126]) + length.to_bytes(2, "big") + text.encode()


async def test_a_client_that_is_given_up_leaves_nothing_behind() -> None:
    client = _client()
    client.send(Message("balance", "{}", None))
    client.give_up()
    assert client.waiting == 0
    assert client.problem is not None
    assert client.problem.code() == "client_too_slow"
    assert await client.take() == []
