"""The keys that integrators keep in our Redis."""

from __future__ import annotations

import httpx

from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.plans import listeners
from tests.make.plans import create_id


async def test_the_keys_that_integrators_keep_are_dropped_and_no_others(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_stores: Stores
) -> None:
    plan_id = await create_id(staff_client, manager)
    other = await create_id(staff_client, manager)
    redis = staff_stores.redis
    relay = Relay(staff_stores, (listeners.DROP_CACHED,))
    await relay.drain()
    lists = [f"plans:public:{number}" for number in range(1_200)]
    for key in (f"plan:{plan_id}", f"plan:{other}", "plans:private", *lists):
        await redis.set(key, "kept")
    assert (
        await staff_client.patch(f"/v1/plans/{plan_id}", json={"price": 5}, headers=manager)
    ).status_code == 200
    await relay.drain()
    assert await redis.exists(f"plan:{plan_id}", *lists) == 0
    assert await redis.exists(f"plan:{other}", "plans:private") == 2
    await redis.delete(f"plan:{other}", "plans:private")


async def test_with_redis_away_an_update_succeeds_and_the_keys_are_dropped_when_it_is_back(
    staff_client: httpx.AsyncClient, manager: dict[str, str], staff_settings: Settings, staff_stores: Stores
) -> None:
    plan_id = await create_id(staff_client, manager)
    await Relay(staff_stores, (listeners.DROP_CACHED,)).drain()
    await staff_stores.redis.set(f"plan:{plan_id}", "kept")
    deaf = Stores.open(staff_settings.model_copy(update={"redis_url": "unix:///nowhere/redis.sock"}))
    answer = await staff_client.patch(f"/v1/plans/{plan_id}", json={"price": 6}, headers=manager)
    assert answer.status_code == 200
    await Relay(deaf, (listeners.DROP_CACHED,)).deliver()
    await deaf.close()
    assert await staff_stores.redis.exists(f"plan:{plan_id}") == 1
    await staff_stores.database.fetch_row("UPDATE deliveries SET next_attempt_at = now() RETURNING 1")
    await Relay(staff_stores, (listeners.DROP_CACHED,)).drain()
    assert await staff_stores.redis.exists(f"plan:{plan_id}") == 0
