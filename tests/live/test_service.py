"""The hub: nothing is lost or comes twice over a reconnect, whichever process answers and whatever Redis does."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_redis_url
from gencharge.core.values.ids import new_id
from gencharge.live import feed, service
from gencharge.run.embedded import Redis
from gencharge.sessions import service as sessions
from tests.make import factories
from tests.make.announcements import announce
from tests.make.live import Live, Served, in_time, serving
from tests.make.notifications import recharged
from tests.make.sessions import DEAD_REDIS
from tests.make.staff_client import StaffClient
from tests.stores_in_trouble import away, frozen

A_SECOND = 1.2  # and some for a busy test machine


async def test_over_reconnects_to_two_processes_each_notice_comes_exactly_once(settings: Settings) -> None:
    rng = random.Random(5)
    user_id = new_id()
    async with serving(settings) as one, serving(settings) as other:
        live = await one.join(user_id)
        last_id, names = live.welcome["id"], []
        for number in range(24):
            await other.recharge(user_id, f"Plan {number:02d}")
            if rng.random() < 0.4:
                for _ in range(rng.randrange(3)):
                    message = await live.next("notification", "reset")
                    names.append(message["notification"]["body"])
                    last_id = message["id"]
                await live.close()
                if rng.random() < 0.5:
                    await other.recharge(user_id, f"Away {number:02d}")
                live = await rng.choice([one, other]).join(user_id, last_id)
        await other.recharge(user_id, "Last of all")
        while not names or "Last of all" not in names[-1]:
            names.append((await live.next("notification", "reset"))["notification"]["body"])
        await live.close()
    assert len(names) == len(set(names))
    assert sum("Plan" in name for name in names) == 24
    assert [name for name in names if "Plan" in name] == sorted(name for name in names if "Plan" in name)


async def test_a_stream_resumes_by_the_header_of_the_last_event(served: Served) -> None:
    user_id = new_id()
    async with served.stream(user_id) as stream:
        welcome = await stream.next("welcome")
    await served.recharge(user_id, "Missed")
    async with served.stream(user_id, **{"Last-Event-ID": welcome["id"]}) as stream:
        missed = await stream.next("notification")
        assert "Missed" in missed["notification"]["body"]
    async with served.stream(user_id, **{"Last-Event-ID": missed["event_id"]}) as stream:
        await stream.next("welcome")
        await served.recharge(user_id, "Next")
        assert "Next" in (await stream.next("notification"))["notification"]["body"]


@pytest.mark.parametrize("last_id", ["1-1", "999999999999999-5"])
async def test_a_client_that_missed_more_than_is_stored_is_told_to_read_again(
    served: Served, last_id: str
) -> None:
    live = await served.join(new_id(), last_id)
    message = await live.next()
    assert message["type"] == "reset"
    # From there it goes on as ever.
    again = await served.join(new_id(), message["id"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await again.next("reset")


async def test_a_hundred_changes_are_stored_for_a_client_and_a_hundred_and_one_are_too_many(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gencharge.live.feed.KEEP_CHANGES", 10)
    user_id = new_id()
    live = await served.join(user_id)
    await live.close()
    for number in range(3):  # a notice, a balance and a status each; the wallet does not exist
        await served.recharge(user_id, f"Plan {number}")
    back = await served.join(user_id, live.welcome["id"])
    bodies = [(await back.next("notification"))["notification"]["body"] for _ in range(3)]
    assert [f"Plan {number}" in body for number, body in enumerate(bodies)] == [True] * 3
    await served.recharge(user_id, "Plan 3")
    late = await served.join(user_id, live.welcome["id"])
    assert (await late.next())["type"] == "reset"


async def test_more_changes_than_a_batch_come_without_a_look_for_what_was_missed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that was lost between two batches made every client of the process read for itself."""
    monkeypatch.setattr(feed, "_BATCH", 4)
    looks = list[str]()
    monkeypatch.setattr(service.Hub, "_resume_all", lambda hub: looks.append("all"))
    user_id = new_id()
    live = await served.join(user_id)
    await served.announce(
        *(recharged(user_id=str(user_id), plan_name=f"Plan {number:02d}") for number in range(23))
    )
    names = {(await live.next("notification"))["notification"]["body"] for _ in range(23)}
    assert len(names) == 23
    assert looks == []


@pytest.mark.parametrize("redis", ["redis", "none"])
async def test_a_session_that_ends_anywhere_ends_its_connections_within_a_second(
    settings: Settings, redis: str
) -> None:
    lost = {"redis_url": DEAD_REDIS} if redis == "none" else {}
    async with serving(settings) as here, serving(settings, **lost) as there:
        user = await here.stores.database.run(factories.make_user)
        headers = await factories.sign_in(here.app, user)
        others = await factories.sign_in(here.app, user)
        lives = []
        for authorization in (headers, others):
            websocket = await there.open()
            token = authorization["Authorization"].removeprefix("Bearer ")
            await websocket.send(json.dumps({"token": token}))
            lives.append(Live(websocket))
            await lives[-1].next("welcome")
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"http://127.0.0.1:{here.port}/v1/auth/logout", headers=headers)
            assert answer.status_code == 204
        ended_at = time.monotonic()
        assert (await lives[0].end())[1:] == (4401, "session_ended")
        assert time.monotonic() - ended_at < A_SECOND
        assert lives[1].websocket.state.name == "OPEN"
        await here.stores.database.run(lambda db: sessions.revoke(db, user.user_id, reason="test"))
        ended_at = time.monotonic()
        assert (await lives[1].end())[1:] == (4401, "session_ended")
        assert time.monotonic() - ended_at < A_SECOND


@asynccontextmanager
async def own_redis(
    settings: Settings, folder: Path, **overrides: Any
) -> AsyncIterator[tuple[Redis, Served]]:
    """An application with a Redis of its own."""
    redis = Redis(folder)
    redis.start()
    redis.wait_ready()
    try:
        async with serving(
            settings, redis_url=embedded_redis_url(folder), redis_timeout_seconds=0.5, **overrides
        ) as served:
            yield redis, served
    finally:
        redis.stop()


async def _news(live: Live, name: str) -> str:
    """Whether the notice with this name came, or a reset in its place."""
    while True:
        message = await live.next("notification", "reset")
        if message["type"] == "reset" or name in message["notification"]["body"]:
            return str(message["type"])


@pytest.mark.parametrize("trouble", [frozen, away], ids=["frozen", "away"])
async def test_clients_stay_while_redis_is_away_and_catch_up_afterwards(
    settings: Settings, tmp_path: Path, trouble: Any
) -> None:
    async with own_redis(settings, tmp_path) as (redis, served):
        user_id = new_id()
        live = await served.join(user_id)
        await served.recharge(user_id, "Before")
        assert await _news(live, "Before") == "notification"
        with trouble(redis):
            await served.recharge(user_id, "During")
            newcomer = await served.join(new_id())
            assert live.websocket.state.name == "OPEN"
        await asyncio.sleep(1.2)  # the next attempt of the delivery
        await served.recharge(user_id, "After")
        assert await _news(live, "After") in {"notification", "reset"}
        assert newcomer.websocket.state.name == "OPEN"
        # By now everything works as before.
        await in_time(lambda: not any(client.catching_up for client in served.hub.clients))
        await served.recharge(user_id, "Long after")
        assert await _news(live, "Long after") == "notification"


async def test_a_redis_that_lost_its_data_resets_those_who_are_connected(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "HEARTBEAT_SECONDS", 0.3)
    async with own_redis(settings, tmp_path) as (_, served):
        user_id = new_id()
        live = await served.join(user_id)
        await served.stores.redis.flushall()
        assert (await live.next("reset"))["type"] == "reset"
        await served.recharge(user_id, "After")
        assert await _news(live, "After") == "notification"


async def test_a_heartbeat_says_up_to_where_nothing_is_missing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "HEARTBEAT_SECONDS", 0.2)
    user_id = new_id()
    live = await served.join(user_id)
    first, second = (await live.next("heartbeat"))["id"], (await live.next("heartbeat"))["id"]
    assert int(first.partition("-")[0]) < int(second.partition("-")[0])
    await live.close()
    await served.recharge(user_id, "Missed")
    back = await served.join(user_id, second)
    assert "Missed" in (await back.next("notification"))["notification"]["body"]


async def test_clients_of_a_server_that_stops_are_told_to_come_back(settings: Settings) -> None:
    async with serving(settings) as served:
        live = await served.join(new_id())
        async with served.stream(new_id()) as stream:
            await stream.next("welcome")
            served.hub.stop()
            message, code, reason = await live.end()
            assert (code, reason) == (1001, "server_restarting")
            assert message is not None
            assert 0 <= message["reconnect_after_seconds"] <= 5
            assert (await stream.next("end"))["code"] == "server_restarting"
        with pytest.raises(InvalidStatus) as refused:
            await served.open()
        assert refused.value.response.status_code == 503
        await in_time(lambda: served.hub.count == 0)


async def test_an_announcement_reaches_those_whom_it_is_for_at_once_and_those_who_come_back(
    settings: Settings,
) -> None:
    async with serving(settings) as one, serving(settings) as other:
        await one.stores.documents["announcements"].delete_many({})
        async with factories.new_client(one.app) as http:
            await factories.know_roles(one.app)
            staff = await StaffClient.open(one.app, http)
            people = [(await one.stores.database.run(factories.make_user)).user_id for _ in range(3)]
            clients = [
                await served.join(person) for served, person in zip((one, other), people, strict=False)
            ]
            gone = await one.join(people[2])
            await gone.close()
            audience = {"kind": "customer", "user_id": str(people[0])}
            first, second = await announce(staff, audience=audience), await announce(staff)
            await one.announce()
            seen = [await clients[0].next("notification") for _ in range(2)]
            assert [message["notification"]["notification_id"] for message in seen] == [first, second]
            assert seen[-1]["unread_count"] == 2
            only = await clients[1].next("notification", "reset")
            assert (only["notification"]["notification_id"], only["unread_count"]) == (second, 1)
            back = await other.join(people[2], gone.welcome["id"])
            missed = await back.next("notification", "reset")
            assert missed["notification"]["notification_id"] == second
            assert (await one.join(people[0], seen[-1]["id"])).welcome["id"] >= seen[-1]["id"]
        await one.stores.documents["announcements"].delete_many({})
