"""Redis' client: a task that listens can always be ended."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from gencharge.core.settings import Settings
from gencharge.core.stores import redis as redis_store


async def _listen(redis: Redis) -> None:
    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe("tests:cancellation")
                while True:
                    await channel.get_message(timeout=30)
        except Exception:
            await asyncio.sleep(0.01)


async def test_a_listener_ends_whenever_it_is_cancelled_also_while_it_connects(settings: Settings) -> None:
    for step in range(150):
        redis = redis_store.connect(settings)
        listener = asyncio.create_task(_listen(redis))
        for _ in range(step % 30):
            await asyncio.sleep(0)
        await asyncio.sleep(step * 0.00002)
        listener.cancel()
        ended, _ = await asyncio.wait([listener], timeout=2)
        assert ended, f"missed its cancellation at step {step}"
        await redis.aclose()
