"""How often somebody may call: a bucket for each caller and class of requests, in this process and in Redis.

A request costs no round trip: it is counted in the bucket that this process holds. Each second the buckets that are
more than a tenth full are put together with those of the other processes in Redis, so that a caller has one limit however
many processes there are. While Redis is away, each process holds the limits by itself. If Redis loses its data, the
processes go on with what they know.

A bucket leaks: it holds `quota` requests and empties itself evenly within `window_seconds`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Final

from redis.asyncio import Redis

from gencharge.core import telemetry
from gencharge.core.stores.redis import is_away

MAX_BUCKETS: Final = 100_000
RECONCILE_SECONDS: Final = 1.0
# A caller who is far from the limit needs no reconciling.
_WORTH_SHARING: Final = 0.1
_PER_SCRIPT: Final = 500
# KEYS: buckets. ARGV, three for each: what was added here, the rate (a second), the life (ms). Redis' clock counts.
_MERGE: Final = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local levels = {}
for position, key in ipairs(KEYS) do
    local added, rate = tonumber(ARGV[3 * position - 2]), tonumber(ARGV[3 * position - 1])
    local stored = redis.call('HMGET', key, 'level', 'at')
    local passed = math.max(0, now - (tonumber(stored[2]) or now))
    local level = math.max(0, (tonumber(stored[1]) or 0) - passed * rate) + added
    redis.call('HSET', key, 'level', string.format('%.3f', level), 'at', string.format('%.3f', now))
    redis.call('PEXPIRE', key, ARGV[3 * position])
    levels[position] = string.format('%.3f', level)
end
return levels
"""
log = telemetry.get_logger(__name__)


class Policy:
    """A class of requests: how many a caller may make in how long."""

    __slots__ = ("header", "name", "quota", "rate", "window_seconds")

    def __init__(self, name: str, quota: int, window_seconds: int = 60) -> None:
        self.name = name
        self.quota = quota
        self.window_seconds = window_seconds
        self.rate = quota / window_seconds
        # draft-ietf-httpapi-ratelimit-headers-10
        self.header = f'"{name}";q={quota};w={window_seconds}'.encode()


@dataclass(slots=True)
class Bucket:
    """How full it was at an instant (monotonic), and what was added since it was last reconciled."""

    level: float
    at: float
    added: float = 0.0


class Buckets:
    """The buckets of a process. Bounded by number: the oldest are dropped first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[tuple[Policy, str], Bucket] = {}
        self._is_away = False

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, policy: Policy, caller: str) -> tuple[float, float]:
        """Count a request: the bucket's level, and how many seconds to wait. With 0 s it is accepted and counted."""
        now = self._clock()
        key = policy, caller
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= MAX_BUCKETS:
                self._make_room(now)
            bucket = self._buckets[key] = Bucket(0.0, now)
        level = _level(policy, bucket, now)
        bucket.at = now
        if level + 1 > policy.quota:
            bucket.level = level
            return level, (level + 1 - policy.quota) / policy.rate
        bucket.level = level + 1
        # What has leaked away since need not be told any more.
        bucket.added = min(bucket.added, level) + 1
        return bucket.level, 0.0

    def wait_seconds(self, policy: Policy, caller: str) -> float:
        """How many seconds to wait until one more is accepted; counts nothing."""
        bucket = self._buckets.get((policy, caller))
        if bucket is None:
            return 0.0
        return max(0.0, _level(policy, bucket, self._clock()) + 1 - policy.quota) / policy.rate

    def _make_room(self, now: float) -> None:
        for key in [
            key for key, bucket in self._buckets.items() if bucket.level <= (now - bucket.at) * key[0].rate
        ]:
            del self._buckets[key]
        excess = len(self._buckets) - MAX_BUCKETS * 9 // 10
        for key in list(islice(self._buckets, max(0, excess))):
            del self._buckets[key]

    async def reconcile(self, redis: Redis) -> None:
        """Put the fuller buckets together with those of other processes. Raises what the client raises."""
        now = self._clock()
        shared = [
            (key, bucket)
            for key, bucket in self._buckets.items()
            if bucket.added and _level(key[0], bucket, now) >= key[0].quota * _WORTH_SHARING
        ]
        merge = redis.register_script(_MERGE)
        for start in range(0, len(shared), _PER_SCRIPT):
            part = shared[start : start + _PER_SCRIPT]
            added = [bucket.added for _, bucket in part]
            untold = [min(bucket.added, _level(policy, bucket, now)) for (policy, _), bucket in part]
            names = [f"limit:{policy.name}:{caller}" for (policy, caller), _ in part]
            arguments = [
                value
                for ((policy, _), _), count in zip(part, untold, strict=True)
                for value in (count, policy.rate, policy.window_seconds * 1000)
            ]
            levels = await merge(keys=names, args=arguments)
            for ((policy, _), bucket), count, level in zip(part, added, levels, strict=True):
                bucket.added = max(0.0, bucket.added - count)
                own = _level(policy, bucket, now)
                # What was added during the call counts, too. If Redis lost its data, it knows less than we do.
                bucket.level, bucket.at = max(own, float(level) + bucket.added), max(bucket.at, now)

    async def go_on_reconciling(self, redis: Redis) -> None:
        """Reconcile each second until this task is cancelled. Redis away: the next second."""
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            try:
                await self.reconcile(redis)
            except Exception as error:
                if not is_away(error):
                    log.exception("limits_not_reconciled")
                elif not self._is_away:
                    log.warning("limits_not_reconciled", error=type(error).__name__)
                self._is_away = True
            else:
                self._is_away = False


def _level(policy: Policy, bucket: Bucket, now: float) -> float:
    return max(0.0, bucket.level - (now - bucket.at) * policy.rate)


def headers_of(policy: Policy, level: float) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """What an answer says about the limit: how many requests are left, and in how many seconds all are again."""
    left, seconds = int(policy.quota - level), ceil(level / policy.rate)
    state = f'"{policy.name}";r={max(left, 0)};t={seconds}'
    return (b"ratelimit-policy", policy.header), (b"ratelimit", state.encode())
