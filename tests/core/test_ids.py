"""Ids are UUIDv7: in the order of time, and not to be guessed from another one."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from gencharge.core.values import clock
from gencharge.core.values.ids import new_id, written_between

IDS = 2_000
# RFC 9562, section 5.7: after 48 bits of time, the version and the variant.
RANDOM_BITS = 32


def test_an_id_is_of_version_7_and_says_when_it_was_made() -> None:
    identity = new_id()
    assert identity.version == 7
    between = written_between(identity)
    assert between is not None
    assert between[0] < clock.now() < between[1]
    assert between[1] - between[0] == timedelta(minutes=11)


def test_ids_made_one_after_the_other_rise_and_are_not_the_next_number() -> None:
    ids = [new_id() for _ in range(IDS)]
    assert sorted(ids) == ids
    low = [identity.int % 2**RANDOM_BITS for identity in ids]
    assert len(set(low)) > IDS - 10
    steps = {after - before for before, after in pairwise(low)}
    assert len(steps) > IDS - 10, "they are counted up"
    # Each of these bits is set in about half of them.
    for bit in range(RANDOM_BITS):
        assert 0.4 < sum(number >> bit & 1 for number in low) / IDS < 0.6


def test_another_kind_of_id_says_nothing_of_its_time() -> None:
    assert written_between(UUID("5f0c2f2e-1c1c-4a7e-9a51-0a4f6c1f3f10")) is None
