"""Redis: one-time passwords, rate limits, cache invalidation, live messages. All of it may be lost.

Where sentinels watch it, each new connection asks them for the master. One that fails ends, so a process follows a fail-over by itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import redis
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import RedisError

from gencharge.core import redis_urls
from gencharge.core.redis_urls import Watched
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans

# Given to every connection: each would otherwise look its version up in the package's metadata, in 2 ms of CPU.
_DRIVER: Final = DriverInfo()


def connect(settings: Settings) -> Redis:
    """A client that answers or fails within `redis_timeout_seconds`; it connects on first use."""
    seconds = settings.redis_timeout_seconds
    options: dict[str, Any] = {
        **_patience(seconds),
        "decode_responses": True,
        "retry": Retry(NoBackoff(), 1),
        "driver_info": _DRIVER,
        # Many callers at once wait for a connection, for as long as they would for an answer.
        "max_connections": 50,
        "timeout": seconds,
    }
    url = settings.redis_server_url
    watched = redis_urls.watched(url)
    pool: Any
    if watched is None:
        pool = BlockingConnectionPool.from_url(url, **options)
    else:
        sentinels = Sentinel(watched.sentinels, sentinel_kwargs=_of_sentinels(watched, seconds))  # type: ignore[no-untyped-call]
        kind = SentinelManagedSSLConnection if watched.tls else SentinelManagedConnection
        pool = _WatchedPool(  # type: ignore[no-untyped-call]
            watched.name, sentinels, connection_class=kind, **_of_server(watched), **options
        )
    pool.connection_class = type("Connection", (_HeedsCancellation, pool.connection_class), {})
    client: Redis = (Redis if spans.tracer is None else _TracedRedis).from_pool(pool)
    return client


def connect_blocking(url: str, *, timeout_seconds: float) -> redis.Redis:
    """A client for a command that waits for each answer. `url`: as in REDIS_URL. Raises ValueError for one that is none."""
    options: dict[str, Any] = {**_patience(timeout_seconds), "decode_responses": True}
    watched = redis_urls.watched(url)
    if watched is None:
        return redis.Redis.from_url(url, **options)
    sentinels = redis.Sentinel(watched.sentinels, sentinel_kwargs=_of_sentinels(watched, timeout_seconds))  # type: ignore[no-untyped-call]
    client: redis.Redis = sentinels.master_for(  # type: ignore[no-untyped-call]
        watched.name, ssl=watched.tls, **_of_server(watched), **options
    )
    return client


def _patience(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}


def _of_sentinels(watched: Watched, seconds: float) -> dict[str, Any]:
    return {
        **_patience(seconds),
        **_authority(watched),
        "username": watched.sentinel_username,
        "password": watched.sentinel_password,
        "ssl": watched.tls,
    }


def _of_server(watched: Watched) -> dict[str, Any]:
    return {
        "db": watched.database,
        "username": watched.username,
        "password": watched.password,
        **_authority(watched),
    }


def _authority(watched: Watched) -> dict[str, Any]:
    return {"ssl_ca_certs": watched.authority} if watched.authority else {}


class _WatchedPool(SentinelConnectionPool, BlockingConnectionPool):
    """Asks the sentinels where the master is, and lets callers wait for a connection."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        """Close the connections; all of them at the client's end, and then those to the sentinels, which nobody else knows."""
        await super().disconnect(inuse_connections=inuse_connections)
        if inuse_connections:
            await self.sentinel_manager.aclose()


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
