"""A person has so many connections, whichever processes they are at."""

from __future__ import annotations

import asyncio
import json

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.live.places import KEEP_SECONDS, Places
from tests.make.live import Live, in_time, serving, user


@pytest.fixture
def places(stores: Stores) -> Places:
    return Places(stores.redis, f"places-{new_id()}")


async def test_twenty_at_once_take_no_more_places_than_there_are(places: Places) -> None:
    person = user(new_id())
    taken = await asyncio.gather(*(places.take(person, new_id(), 5) for _ in range(20)))
    assert sum(taken) == 5
    assert await places.take(user(new_id()), new_id(), 5), "others have places of their own"


async def test_a_place_that_is_given_back_is_free(places: Places) -> None:
    person, own = user(new_id()), new_id()
    assert await places.take(person, own, 1)
    await places.give_back([(person, new_id())])
    assert not await places.take(person, new_id(), 1), "that was no place of theirs"
    await places.give_back([(person, own)])
    assert await places.take(person, new_id(), 1)


async def test_what_a_killed_process_held_runs_out_and_what_is_renewed_does_not(
    places: Places, stores: Stores
) -> None:
    person, dead, living = user(new_id()), new_id(), new_id()
    assert await places.take(person, dead, 2)
    assert await places.take(person, living, 2)
    (key,) = [key async for key in stores.redis.scan_iter(match=f"*{person.id}*")]
    assert 0 < await stores.redis.ttl(key) <= KEEP_SECONDS
    for member in (dead, living):
        await stores.redis.zadd(key, {str(member): 1})
    await places.renew([(person, living)])
    assert await places.take(person, new_id(), 2), "the one that was not renewed is over"
    assert not await places.take(person, new_id(), 2)


async def test_a_person_has_so_many_connections_to_two_processes_together(settings: Settings) -> None:
    async with (
        serving(settings, live_connections_per_account=2) as one,
        serving(settings, live_connections_per_account=2) as other,
    ):
        person = new_id()
        first, second = await one.join(person), await other.join(person)
        for process in (one, other):
            websocket = await process.open()
            await websocket.send(json.dumps({"token": process.token(person)}))
            message, code, reason = await Live(websocket).end()
            assert (code, reason) == (4429, "too_many_live_connections")
            assert message is not None
            assert message["reconnect_after_seconds"] == 60
        await in_time(lambda: one.hub.count == other.hub.count == 1)
        await first.close()
        await in_time(lambda: one.hub.count == 0 and not one.hub._tasks)
        third = await other.join(person)
        await one.recharge(person, "For both")
        for live in (second, third):
            assert "For both" in (await live.next("notification"))["notification"]["body"]
        async with other.stream(new_id()) as stream:
            await stream.next("welcome")


async def test_a_process_that_stops_gives_its_places_back(settings: Settings) -> None:
    person = new_id()
    async with serving(settings, live_connections_per_account=1) as one:
        await one.join(person)
    async with serving(settings, live_connections_per_account=1) as other:
        assert (await other.join(person)).welcome["type"] == "welcome"
