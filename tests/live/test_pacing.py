"""What is for everybody goes out in small groups between the requests, and still reaches the last one in time."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from gencharge.core.http.answering import Answering
from gencharge.live.pacing import (
    FOR_ALL_SECONDS,
    LEAST_AT_ONCE,
    PAUSE_SECONDS,
    Pace,
    at_once_of,
    parts,
)


@pytest.mark.parametrize("clients", [1, 3, 100, 2_000, 10_000, 100_000])
def test_the_pauses_of_all_groups_together_take_half_of_the_time_at_most(clients: int) -> None:
    at_once = at_once_of(clients)
    assert at_once >= LEAST_AT_ONCE
    assert math.ceil(clients / at_once) * PAUSE_SECONDS <= FOR_ALL_SECONDS / 2 + PAUSE_SECONDS


def test_two_thousand_clients_are_written_to_by_a_few() -> None:
    assert at_once_of(2_000) == 4


def test_parts_are_all_there_and_in_order() -> None:
    assert [list(part) for part in parts(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(parts([], 3)) == []


async def test_while_requests_are_answered_a_group_waits_for_its_time_and_no_longer() -> None:
    answering, clients = Answering(), 10
    answering.begin()
    pace, began = Pace(answering, clients), time.monotonic()
    for written in range(1, clients + 1):
        await pace.rest(1)
        planned = FOR_ALL_SECONDS * written / clients
        assert time.monotonic() - began >= planned - 0.01
    # More than was planned for, such as two announcements at once, waits no longer.
    await pace.rest(100)
    answering.end()


async def test_between_requests_nothing_but_the_pause_is_waited_for() -> None:
    answering = Answering()
    pace, rests = Pace(answering, 2), list[float]()

    async def rest() -> None:
        began = time.monotonic()
        await pace.rest(1)
        rests.append(time.monotonic() - began)

    await rest()
    answering.begin()
    waiting = asyncio.create_task(rest())
    await asyncio.sleep(FOR_ALL_SECONDS / 4)
    assert len(rests) == 1
    answering.end()
    await waiting
    assert rests[0] >= PAUSE_SECONDS / 2
    # It went on at the end of the request, long before its time.
    assert rests[1] < FOR_ALL_SECONDS


async def test_what_is_not_for_everybody_does_not_wait_for_requests() -> None:
    answering = Answering()
    answering.begin()
    async with asyncio.timeout(20):
        await Pace(answering, 0).rest(1)
    answering.end()
