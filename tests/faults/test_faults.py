"""What is promised when parts of an installation die: real processes, real signals."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pymongo
import pytest

from gencharge import wiring
from gencharge.core.postgres.database import Database
from gencharge.core.rooms import checks
from gencharge.operators import service as operators
from tests.faults.http import Answer, post
from tests.faults.site import Site

SPENDERS = range(2, 22)


async def ledger_lines(site: Site) -> list[str]:
    database = Database(site.settings, name="verify")
    try:
        report = await checks.run(database, wiring.CHECKS)
    finally:
        await database.close()
    return [] if report.ok else report.lines


def rows(site: Site, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.settings.postgres_url) as connection:
        return connection.execute(query, values or None).fetchall()


async def wait_for(condition, seconds: float = 15) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.1)


async def cheapest(site: Site, client: httpx.AsyncClient) -> str:
    """A plan that starts at once beside any other: a one-day add-on of Airtel's is not for Jio, so a base plan."""
    answer = await client.get(f"{site.url}/v1/plans?operator=JIO&category=unlimited&sort=price&limit=1")
    return str(answer.json()["items"][0]["plan_id"])


def new_number() -> str:
    """A number that no table of prefixes gives to another operator than Jio."""
    while True:
        number = f"+917{uuid4().int % 10**9:09d}"
        if operators.hint(number) in {None, "JIO"}:
            return number


async def recharge(site: Site, headers: dict[str, str], body: dict[str, Any], key: str) -> Answer | None:
    """The answer, or None if there was none."""
    return await post(site.port, "/v1/recharge/subscribe", headers | {"Idempotency-Key": key}, body)


async def until_answered(site: Site, *arguments: Any) -> Answer:
    """What a careful client does: the same request with the same key until there is an answer that is not 5xx."""
    for _ in range(100):
        answer = await recharge(site, *arguments)
        if answer is not None and answer.status_code < 500:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("no answer in 100 attempts")


def bodies(plan: str, count: int) -> list[dict[str, Any]]:
    return [
        {
            "phone_number": new_number(),
            "plan_id": plan,
            "payment_method": "wallet",
            "automatic_offer": False,
            "source": "web",
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("count", [150, pytest.param(500, marks=pytest.mark.soak)])
async def test_kill_9_of_the_api_amid_many_recharges_loses_none_and_charges_none_twice(
    site: Site, count: int
) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        headers = site.headers(SPENDERS)
        jobs = [
            (headers[number % len(headers)], body, f"kill-{uuid4()}")
            for number, body in enumerate(bodies(await cheapest(site, client), count))
        ]
        tasks = [asyncio.create_task(recharge(site, *job)) for job in jobs]
        while sum(task.done() for task in tasks) < count // 8:
            await asyncio.sleep(0.005)
        site.kill("serve")
        first = await asyncio.gather(*tasks)
        acknowledged = {
            key: answer for (_, _, key), answer in zip(jobs, first, strict=True) if answer is not None
        }
        assert 0 < len(acknowledged) < count
        site.start_api()
        final = await asyncio.gather(*(until_answered(site, *job) for job in jobs))
    assert await ledger_lines(site) == []
    for (_, _, key), answer in zip(jobs, final, strict=True):
        assert answer.status_code == 201, answer.content
        before = acknowledged.get(key)
        if before is not None and before.status_code == 201:
            assert answer.headers["idempotent-replayed"] == "true"
            assert answer.content == before.content
    counts = rows(
        site,
        "SELECT count(*), count(DISTINCT idempotency_key) FROM recharges WHERE idempotency_key LIKE 'kill-%'",
    )
    sold = sum(answer.status_code == 201 for answer in final)
    assert counts == [(sold, sold)]


async def test_postgresql_killed_under_load_is_503_with_retry_after_and_comes_back_by_itself(
    site: Site,
) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        plan, headers = await cheapest(site, client), site.headers([21])[0]
        await client.get(f"{site.url}/v1/wallet", headers=headers)
        site.postgres.kill()
        body = bodies(plan, 1)[0]
        for answer in (
            await client.get(f"{site.url}/v1/wallet", headers=headers),
            await client.get(f"{site.url}/v1/recharge", headers=headers),
            await recharge(site, headers, body, "pg-down"),
            await client.get(f"{site.url}/health/ready"),
        ):
            assert answer is not None
            assert answer.status_code == 503
        refused = await client.get(f"{site.url}/v1/wallet", headers=headers)
        assert refused.json()["code"] == "database_unavailable"
        assert int(refused.headers["retry-after"]) > 0
        # The catalogue is in memory: people can go on looking.
        assert (await client.get(f"{site.url}/v1/plans?limit=1")).status_code == 200
        site.postgres.start()
        site.postgres.wait_ready()
        started = time.monotonic()
        while (await client.get(f"{site.url}/v1/wallet", headers=headers)).status_code != 200:
            assert time.monotonic() - started < 5
            await asyncio.sleep(0.05)
    assert await ledger_lines(site) == []


async def test_redis_down_stops_signing_in_and_nothing_else(site: Site) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        plan, headers = await cheapest(site, client), site.headers([24])[0]
        site.redis.kill()
        answer = await client.post(f"{site.url}/v1/auth/login", json={"phone_number": "9000001001"})
        assert (answer.status_code, answer.json()["code"]) == (503, "sign_in_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert (await client.get(f"{site.url}/v1/wallet", headers=headers)).status_code == 200
        sold = await recharge(site, headers, bodies(plan, 1)[0], f"redis-{uuid4()}")
        assert sold is not None
        assert sold.status_code in {201, 409}
        assert (await client.get(f"{site.url}/health/ready")).json()["status"] == "degraded"
        site.redis.start()
        site.redis.wait_ready()
        answer = await client.post(f"{site.url}/v1/auth/login", json={"phone_number": "9000001001"})
        assert answer.status_code == 200, answer.text


async def test_mongodb_down_holds_up_no_recharge_and_loses_no_notice_and_no_audit_entry(site: Site) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        plan, headers = await cheapest(site, client), site.headers([22])[0]
        site.mongo.kill()
        keys = []
        for body in bodies(plan, 20):
            answer = await recharge(site, headers, body, f"mongo-{uuid4()}")
            assert answer is not None
            assert answer.status_code == 201, answer.content
            keys.append(answer.json()["subscription_id"])
        answer = await client.get(f"{site.url}/v1/notifications", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "documents_unavailable")
        site.kill("worker")  # in the middle of its attempts
        site.start_process("worker")
        site.mongo.start()
        site.mongo.wait_ready()
        with pymongo.MongoClient[dict[str, Any]](
            site.settings.mongodb_url, uuidRepresentation="standard"
        ) as mongo:
            documents = mongo[site.settings.mongo_database]
            recipient = str(site.user(22))

            def notices() -> int:
                return documents["notices"].count_documents(
                    {
                        "type": "transactional",
                        "kind": {"$regex": "recharge"},
                        "$or": [{"recipient_id": recipient}, {"recipient_id": site.user(22)}],
                    }
                )

            await wait_for(lambda: notices() >= 20, 40)
            await wait_for(lambda: rows(site, "SELECT count(*) FROM events") == [(0,)])
            await wait_for(lambda: rows(site, "SELECT count(*) FROM deliveries") == [(0,)], 40)
            assert notices() == 20
            text = Counter(
                recharge_id
                for entry in documents["audit_entries"].find()
                for recharge_id in keys
                if recharge_id in str(entry)
            )
        assert text == Counter(keys)


async def test_64_clients_spending_one_wallet_over_http_never_overspend(site: Site) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        plan, headers = await cheapest(site, client), site.headers([23])[0]
        wallet = (await client.get(f"{site.url}/v1/wallet", headers=headers)).json()["balance"]
        price = (await client.get(f"{site.url}/v1/plans/{plan}")).json()["price"]
        answers = await asyncio.gather(
            *(recharge(site, headers, body, f"one-{uuid4()}") for body in bodies(plan, 64))
        )
        codes = Counter(answer.status_code for answer in answers if answer is not None)
        left = (await client.get(f"{site.url}/v1/wallet", headers=headers)).json()["balance"]
    affordable = min(64, int(wallet // price))
    assert codes == {201: affordable, 409: 64 - affordable}
    assert left == pytest.approx(wallet - affordable * price)
    assert await ledger_lines(site) == []


async def test_sigterm_finishes_what_was_accepted(site: Site) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        plan, headers = await cheapest(site, client), site.headers([25])[0]
        tasks = [
            asyncio.create_task(recharge(site, headers, body, f"term-{uuid4()}")) for body in bodies(plan, 12)
        ]
        await asyncio.sleep(0.05)
        site.kill("serve", signal.SIGTERM)
        answers = await asyncio.gather(*tasks)
        done = [answer for answer in answers if answer is not None]
        assert all(answer.status_code in {201, 409} for answer in done)
    counts = rows(site, "SELECT count(*) FROM recharges WHERE idempotency_key LIKE 'term-%'")
    assert counts == [(sum(answer.status_code == 201 for answer in done),)]
