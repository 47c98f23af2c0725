"""How many connections a person has, over all API processes: a set in Redis for each, whose members run out unless they are renewed.

A process that is killed gives nothing back: its connections count until they run out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from gencharge.core.values.recipient import Recipient
from gencharge.live.changes import address_of

# Renewed each minute.
KEEP_SECONDS: Final = 150
Place = tuple[Recipient, UUID]

_NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_TAKE: Final = (
    _NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2] * 1000), ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
)
_RENEW: Final = (
    _NOW
    + """
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2] * 1000), ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
)


class Places:
    """The connections to the processes of one database."""

    def __init__(self, redis: Redis, database_name: str) -> None:
        self._redis = redis
        self._prefix = f"gencharge:{database_name}:live:open"
        self._take = redis.register_script(_TAKE)
        self._renew = redis.register_script(_RENEW)

    async def take(self, recipient: Recipient, connection_id: UUID, limit: int) -> bool:
        """Count a connection; False if the person has `limit` of them. Raises RedisError."""
        return bool(
            await self._take(keys=[self._key(recipient)], args=[str(connection_id), KEEP_SECONDS, limit])
        )

    async def renew(self, places: Iterable[Place]) -> None:
        """These are still open, also those that a Redis without its data has forgotten. Raises RedisError."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for recipient, connection_id in places:
                await self._renew(
                    keys=[self._key(recipient)], args=[str(connection_id), KEEP_SECONDS], client=pipe
                )
            await pipe.execute()

    async def give_back(self, places: Iterable[Place]) -> None:
        """These connections are over. Raises RedisError."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for recipient, connection_id in places:
                pipe.zrem(self._key(recipient), str(connection_id))
            await pipe.execute()

    def _key(self, recipient: Recipient) -> str:
        return f"{self._prefix}:{address_of(recipient)}"
