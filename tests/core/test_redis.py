"""Redis' client: a task that listens can always be ended."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from gencharge.core.settings import Settings
from gencharge.core.stores import redis as redis_store
from gencharge.core.tracing import spans
from tests.make.collector import collector, tracing


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


async def test_a_command_is_a_span_by_its_name_alone(settings: Settings) -> None:
    with collector() as there, tracing(settings, there):
        redis = redis_store.connect(settings)
        await redis.set("otp:+919876543210", "canary")
        with spans.work("request", spans.Kind.SERVER, {}):
            assert await redis.get("otp:+919876543210") == "canary"
            with pytest.raises(ResponseError):
                await redis.incr("otp:+919876543210")
            await redis.config_get("maxmemory")
        await redis.aclose()
    request = there.named("request")[0]
    below = [one for one in there.spans if one.parent_id == request.span_id]
    assert [(one.name, one.failed) for one in below] == [("GET", False), ("INCRBY", True), ("CONFIG", False)]
    assert len(there.spans) == 4
    for secret in (b"canary", b"987654"):
        assert secret not in b"".join(there.bodies)


async def test_a_new_connection_does_not_read_the_packages_metadata(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up() -> str:
        raise AssertionError("looked the version up")

    redis = redis_store.connect(settings)
    monkeypatch.setattr("redis.utils.get_lib_version", look_up)
    async with redis:
        assert await redis.ping()
