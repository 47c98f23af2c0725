"""What is for everybody goes out in small groups, and still reaches the last one in time."""

from __future__ import annotations

import math

import pytest

from gencharge.live.pacing import FOR_ALL_SECONDS, LEAST_AT_ONCE, PAUSE_SECONDS, at_once_of, parts


@pytest.mark.parametrize("clients", [1, 3, 100, 2_000, 10_000, 100_000])
def test_the_pauses_of_all_groups_together_take_no_longer_than_that(clients: int) -> None:
    at_once = at_once_of(clients)
    assert at_once >= LEAST_AT_ONCE
    assert math.ceil(clients / at_once) * PAUSE_SECONDS <= FOR_ALL_SECONDS + PAUSE_SECONDS


def test_two_thousand_clients_are_written_to_by_a_few() -> None:
    assert at_once_of(2_000) == 4


def test_parts_are_all_there_and_in_order() -> None:
    assert [list(part) for part in parts(range(7), 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(parts([], 3)) == []
