"""Redis: one-time passwords, rate limits, cache invalidation, live messages. All of it may be lost."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gencharge.core.config import Settings


def connect(settings: Settings) -> Redis:
    """A client that answers or fails within `redis_timeout_seconds`; it connects on first use."""
    client: Redis = Redis.from_url(
        settings.redis_server_url,
        decode_responses=True,
        socket_timeout=settings.redis_timeout_seconds,
        socket_connect_timeout=settings.redis_timeout_seconds,
        retry=Retry(NoBackoff(), 1),
        max_connections=50,
    )
    return client


def is_away(error: BaseException) -> bool:
    """True for any failure of Redis or of the way to it."""
    return isinstance(error, RedisError | OSError | TimeoutError)


def get_redis(request: Request) -> Redis:
    """The process's Redis client."""
    client: Redis = request.app.state.stores.redis
    return client


Cache = Annotated[Redis, Depends(get_redis)]
