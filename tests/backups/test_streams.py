"""Bytes pass between a thread and the loop, with errors in both directions, and few of them at a time."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from gencharge.backups.streams import Stopped, ThreadInput, ThreadOutput

MEGABYTE = 1024 * 1024


async def test_what_the_thread_writes_comes_out_in_pieces() -> None:
    content = os.urandom(3 * MEGABYTE + 5)

    def work(write: Callable[[bytes], None]) -> None:
        for at in range(0, len(content), 1000):
            write(content[at : at + 1000])

    async with ThreadOutput(work) as output:
        pieces = [piece async for piece in output.pieces()]
    assert b"".join(pieces) == content
    assert output.size_bytes == len(content)
    assert max(map(len, pieces)) == MEGABYTE


async def test_an_error_in_the_thread_is_raised_where_the_pieces_are_read() -> None:
    def work(write: Callable[[bytes], None]) -> None:
        write(b"x" * (2 * MEGABYTE))
        raise OSError("full")

    async with ThreadOutput(work) as output:
        pieces = output.pieces()
        assert [await anext(pieces), await anext(pieces)] == [b"x" * MEGABYTE] * 2
        with pytest.raises(OSError, match="full"):
            await anext(pieces)


async def test_a_reader_that_leaves_stops_the_thread() -> None:
    ended = threading.Event()

    def work(write: Callable[[bytes], None]) -> None:
        try:
            while True:
                write(b"x" * MEGABYTE)
        except Stopped:
            ended.set()
            raise

    async with ThreadOutput(work) as output:
        assert await anext(output.pieces())
    assert ended.is_set()


async def test_the_thread_never_gets_far_ahead() -> None:
    written = 0

    def work(write: Callable[[bytes], None]) -> None:
        nonlocal written
        for _ in range(100):
            write(b"x" * MEGABYTE)
            written += 1

    async with ThreadOutput(work) as output:
        pieces = output.pieces()
        await anext(pieces)
        await asyncio.sleep(0.3)
        assert written < 15
        assert sum([len(piece) async for piece in pieces]) == 99 * MEGABYTE


async def test_a_thread_reads_pieces_like_a_file_and_gets_their_error() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b""
        yield b"defg"
        raise OSError("away")

    source = ThreadInput(pieces(), asyncio.get_running_loop())

    def read() -> list[bytes]:
        return [source.read(2), source.read(2), source.read(9)]

    assert await asyncio.to_thread(read) == [b"ab", b"c", b"defg"]
    with pytest.raises(OSError, match="away"):
        await asyncio.to_thread(source.read, 1)
    assert source.size_bytes == 7
