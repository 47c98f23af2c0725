"""Redis behind sentinels: its master is killed while customers sign in and recharge."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from gencharge.core.settings import Settings
from gencharge.core.stores import redis as redis_store
from gencharge.core.stores.stores import Stores
from gencharge.run import clocks, doctor
from tests import conftest
from tests.make.factories import headers_for, make_user
from tests.make.money import find_plan, make_customer, make_number
from tests.make.processes import seconds_until
from tests.make.sentinels import Watched, watched_redis

CUSTOMERS = 30
# The bound of a fail-over for who signs in.
SIGN_IN_SECONDS = 5


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with watched_redis() as watched:
        yield watched


@pytest.fixture(scope="module")
def settings(servers: Path, worker_id: str, watched: Watched) -> Settings:
    return conftest.test_settings(
        servers,
        conftest.database_of(servers, worker_id),
        redis_url=watched.url,
        otp_sends_per_address_hour=100_000,
        otp_sends_per_prefix_hour=100_000,
    )


async def test_the_doctor_and_the_clocks_find_it(app: FastAPI, settings: Settings) -> None:
    doctor.require(settings, "redis")
    assert "Redis" in clocks.read(settings)
    with redis_store.connect_blocking(settings.redis_server_url, timeout_seconds=2) as client:
        assert client.connection_pool.connection_kwargs["db"] == 3


async def _signed_in(client: httpx.AsyncClient, phone_number: str) -> bool:
    asked = await client.post("/v1/auth/login", json={"phone_number": phone_number})
    if asked.status_code != 200:
        assert asked.status_code == 503, asked.text
        return False
    body = {"phone_number": phone_number, "challenge_id": asked.json()["challenge_id"], "otp": "111111"}
    verified = await client.post("/v1/auth/verify-otp-login", json=body)
    # What the old master knew only is gone: then the code is asked for again.
    return verified.status_code == 200


async def test_after_the_masters_death_one_signs_in_again_within_five_seconds_and_recharges_never_stop(
    watched: Watched, shop: Stores, client: httpx.AsyncClient, settings: Settings
) -> None:
    numbers = [f"+91900000{5_000 + number}" for number in range(CUSTOMERS)]
    for number in numbers:
        await shop.database.run(lambda db, number=number: make_user(db, phone_number=number))
    waiting = iter(numbers * 3)
    assert await _signed_in(client, next(waiting))
    plan, payers = await find_plan(shop), [await make_customer(shop, rupees=50_000) for _ in range(CUSTOMERS)]
    answers, over = list[int](), asyncio.Event()

    async def recharge() -> None:
        for payer in itertools.cycle(payers):
            if over.is_set():
                return
            headers = headers_for(settings, payer) | {"Idempotency-Key": str(uuid4())}
            body = {
                "phone_number": await make_number(shop),
                "plan_id": str(plan.plan_id),
                "payment_method": "wallet",
            }
            answers.append(
                (await client.post("/v1/recharge/subscribe", json=body, headers=headers)).status_code
            )
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        group.create_task(recharge())
        old = watched.master()
        watched.kill(old)
        signed_in = await seconds_until(lambda: _signed_in(client, next(waiting)), at_most=SIGN_IN_SECONDS)
        over.set()
    assert watched.master() != old
    assert len(answers) >= 5
    assert set(answers) == {201}
    assert signed_in > 0.1, "the master was not missed"
