"""Redis: one-time passwords, rate limits, cache invalidation, live messages. All of it may be lost."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import RedisError

from gencharge.core.settings import Settings
from gencharge.core.tracing import spans

# Given to every connection: each would otherwise look its version up in the package's metadata, in 2 ms of CPU.
_DRIVER: Final = DriverInfo()


def connect(settings: Settings) -> Redis:
    """A client that answers or fails within `redis_timeout_seconds`; it connects on first use."""
    # Many callers at once wait for a connection, for as long as they would for an answer.
    pool: Any = BlockingConnectionPool.from_url(
        settings.redis_server_url,
        decode_responses=True,
        socket_timeout=settings.redis_timeout_seconds,
        socket_connect_timeout=settings.redis_timeout_seconds,
        retry=Retry(NoBackoff(), 1),
        max_connections=50,
        timeout=settings.redis_timeout_seconds,
        driver_info=_DRIVER,
    )
    pool.connection_class = type("Connection", (_HeedsCancellation, pool.connection_class), {})
    client: Redis = (Redis if spans.tracer is None else _TracedRedis).from_pool(pool)
    return client


class _TracedRedis(Redis):
    """Each command of a request or a job that is traced is a span, with the command's name and nothing else of it."""

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        name = str(arguments[0]).split(" ", 1)[0].upper()
        with spans.call(name, {"db.system.name": "redis", "db.operation.name": name}):
            return await super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]


class _HeedsCancellation:
    """Raises the CancelledError that `asyncio.wait_for` loses if a send ends at the moment of its cancellation.

    Before Python 3.12 it does (python/cpython#86296), and the client sends through it: a task that only listens
    would then miss its only cancellation, and a process that waits for it would never end.
    """

    async def send_packed_command(self, *arguments: Any, **named: Any) -> None:
        await super().send_packed_command(*arguments, **named)  # type: ignore[misc]
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError


def is_away(error: BaseException) -> bool:
    """True for any failure of Redis or of the way to it."""
    return isinstance(error, RedisError | OSError | TimeoutError)
