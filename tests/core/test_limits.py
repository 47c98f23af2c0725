"""Buckets: full at their quota, empty evenly, one limit for all processes, held without Redis and after it lost its data."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from gencharge.core.http import limits
from gencharge.core.http.limits import Buckets, Policy, headers_of
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id

POLICY = Policy("reads", 60)


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def accepted(buckets: Buckets, caller: str, tries: int, policy: Policy = POLICY) -> int:
    """How many of so many requests in a row are accepted."""
    return sum(buckets.take(policy, caller)[1] == 0 for _ in range(tries))


def test_a_bucket_takes_its_quota_and_empties_itself_evenly() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    assert accepted(buckets, "a", 100) == 60
    assert buckets.take(POLICY, "a") == (60, pytest.approx(1))
    assert accepted(buckets, "b", 100) == 60, "everybody has a bucket"
    assert accepted(buckets, "a", 100, Policy("changes", 10)) == 10, "and every class"
    clock.now += 5
    assert accepted(buckets, "a", 100) == 5
    clock.now += 3_600
    assert accepted(buckets, "a", 100) == 60, "an hour of waiting saves nothing up"


def test_a_refused_request_is_not_counted() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    accepted(buckets, "a", 1_000)
    clock.now += 1
    assert buckets.take(POLICY, "a")[1] == 0


def test_the_headers_have_the_form_of_the_draft() -> None:
    policy, state = headers_of(POLICY, 20.4)
    assert policy == (b"ratelimit-policy", b'"reads";q=60;w=60')
    assert state == (b"ratelimit", b'"reads";r=39;t=21')
    assert headers_of(POLICY, 60)[1] == (b"ratelimit", b'"reads";r=0;t=60')


def test_the_number_of_buckets_is_bounded_and_empty_ones_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BUCKETS", 100)
    clock = Clock()
    buckets = Buckets(clock)
    for number in range(95):
        buckets.take(POLICY, f"visitor {number}")
    accepted(buckets, "busy", 60)
    clock.now += 10
    for number in range(1_000):
        buckets.take(POLICY, f"stranger {number % 50}" if number < 500 else f"other {number}")
        assert len(buckets) <= 100
    monkeypatch.setattr(limits, "MAX_BUCKETS", 1_000)
    accepted(buckets, "busy", 60)
    for number in range(200):
        buckets.take(POLICY, f"more {number}")
    assert accepted(buckets, "busy", 1) == 0


@pytest.fixture
def caller() -> str:
    return str(new_id())


async def test_processes_share_one_limit(stores: Stores, caller: str) -> None:
    first, second = Buckets(), Buckets()
    assert accepted(first, caller, 40) == 40
    assert accepted(second, caller, 15) == 15
    await first.reconcile(stores.redis)
    await second.reconcile(stores.redis)
    # The second knows of all 55 now; the first learns of them when it has something to say.
    assert accepted(second, caller, 60) == 5
    assert accepted(first, caller, 2) == 2
    await second.reconcile(stores.redis)
    await first.reconcile(stores.redis)
    assert accepted(first, caller, 60) == 0


async def test_a_caller_far_from_the_limit_costs_no_round_trip(stores: Stores, caller: str) -> None:
    buckets = Buckets()
    accepted(buckets, caller, 5)
    await buckets.reconcile(stores.redis)
    assert not await stores.redis.exists(f"limit:reads:{caller}")
    accepted(buckets, caller, 5)
    await buckets.reconcile(stores.redis)
    assert await stores.redis.exists(f"limit:reads:{caller}")
    assert 0 < await stores.redis.pttl(f"limit:reads:{caller}") <= 60_000


async def test_a_slow_caller_saves_nothing_up_against_itself(stores: Stores, caller: str) -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for _ in range(100):
        assert buckets.take(POLICY, caller)[1] == 0
        clock.now += 2
    assert accepted(buckets, caller, 10) == 10
    await buckets.reconcile(stores.redis)
    assert accepted(buckets, caller, 100) == 50


async def test_a_redis_that_lost_its_data_opens_nothing(stores: Stores, caller: str) -> None:
    buckets = Buckets()
    assert accepted(buckets, caller, 50) == 50
    await buckets.reconcile(stores.redis)
    await stores.redis.delete(f"limit:reads:{caller}")
    assert accepted(buckets, caller, 8) == 8
    await buckets.reconcile(stores.redis)
    assert accepted(buckets, caller, 60) <= 3


async def test_the_limit_holds_while_redis_is_away(caller: str) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    buckets = Buckets()
    assert accepted(buckets, caller, 60) == 60
    with pytest.raises(RedisAway):
        await buckets.reconcile(away)
    assert accepted(buckets, caller, 60) == 0
    await away.aclose()


async def test_what_could_not_be_told_is_told_later(stores: Stores, caller: str) -> None:
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    first, second = Buckets(), Buckets()
    accepted(first, caller, 50)
    with pytest.raises(RedisAway):
        await first.reconcile(away)
    await away.aclose()
    await first.reconcile(stores.redis)
    accepted(second, caller, 9)
    await second.reconcile(stores.redis)
    assert accepted(second, caller, 60) <= 5


def test_looking_at_a_bucket_counts_nothing() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for _ in range(100):
        assert buckets.wait_seconds(POLICY, "a") == 0
    assert len(buckets) == 0
    assert accepted(buckets, "a", 100) == 60
    assert buckets.wait_seconds(POLICY, "a") == pytest.approx(1)
    clock.now += 1
    assert buckets.wait_seconds(POLICY, "a") == 0
