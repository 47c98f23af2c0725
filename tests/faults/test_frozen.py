"""A PostgreSQL that stands still under load: every request is answered in time, and all is well after the thaw."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from itertools import cycle
from uuid import uuid4

import httpx
import pytest

from tests.faults.site import Site
from tests.faults.test_faults import SPENDERS, bodies, cheapest, ledger_lines, rows
from tests.stores_in_trouble import frozen

ANSWERED_WITHIN_SECONDS = 6.0
WELL_WITHIN_SECONDS = 3.0
CLIENTS = 8


class Load:
    """Customers who sell, quote, look and sign in, one request after the other, each timed."""

    def __init__(self, site: Site, client: httpx.AsyncClient, plan: str) -> None:
        self.site, self.client, self.plan = site, client, plan
        self.answers: list[tuple[str, int, float]] = []
        self.sold: dict[str, bytes] = {}
        self.unanswered: list[tuple[dict[str, str], dict[str, object], str]] = []
        self.ends = False

    async def one(self, kind: str, headers: dict[str, str]) -> int:
        """Make a request; its status."""
        began_at = time.monotonic()
        status = await getattr(self, f"_{kind}")(headers)
        self.answers.append((kind, status, time.monotonic() - began_at))
        return int(status)

    async def run(self, headers: dict[str, str]) -> None:
        """Go on until `ends`."""
        for kind in cycle(("subscribe", "wallet", "history", "quote", "login")):
            if self.ends:
                return
            await self.one(kind, headers)

    async def _subscribe(self, headers: dict[str, str]) -> int:
        key, [body] = f"frozen-{uuid4()}", bodies(self.plan, 1)
        return await self.sell(headers, body, key)

    async def sell(self, headers: dict[str, str], body: dict[str, object], key: str) -> int:
        """Sell once for the key; a 503 is kept, to be repeated."""
        answer = await self.client.post(
            f"{self.site.url}/v1/recharge/subscribe", json=body, headers=headers | {"Idempotency-Key": key}
        )
        if answer.status_code == 201:
            self.sold[key] = answer.content
        else:
            self.unanswered.append((headers, body, key))
        return answer.status_code

    async def _wallet(self, headers: dict[str, str]) -> int:
        return (await self.client.get(f"{self.site.url}/v1/wallet", headers=headers)).status_code

    async def _history(self, headers: dict[str, str]) -> int:
        return (await self.client.get(f"{self.site.url}/v1/recharge", headers=headers)).status_code

    async def _quote(self, headers: dict[str, str]) -> int:
        [body] = bodies(self.plan, 1)
        query = {name: body[name] for name in ("phone_number", "plan_id")}
        answer = await self.client.post(f"{self.site.url}/v1/recharge/quote", json=query, headers=headers)
        return answer.status_code

    async def _login(self, _headers: dict[str, str]) -> int:
        body = {"phone_number": f"9{uuid4().int % 10**9:09d}"}
        return (await self.client.post(f"{self.site.url}/v1/auth/login", json=body)).status_code


@pytest.mark.parametrize("seconds", [8, pytest.param(50, marks=pytest.mark.soak)])
async def test_a_frozen_postgresql_is_503_in_time_for_everybody_and_well_after_the_thaw(
    site: Site, seconds: int
) -> None:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        load = Load(site, client, await cheapest(site, client))
        headers = site.headers(SPENDERS)[:CLIENTS]
        running = [asyncio.create_task(load.run(each)) for each in headers]
        await asyncio.sleep(1)
        before = len(load.answers)
        with frozen(site.postgres):
            await asyncio.sleep(seconds)
        thawed_at = time.monotonic()
        during = load.answers[before:]
        load.ends = True
        await asyncio.gather(*running)
        for kind in ("subscribe", "wallet", "history", "quote", "login"):
            while await load.one(kind, headers[0]) >= 500:
                assert time.monotonic() - thawed_at < WELL_WITHIN_SECONDS + ANSWERED_WITHIN_SECONDS
                await asyncio.sleep(0.05)
        well_after = time.monotonic() - thawed_at
        slowest = max(load.answers, key=lambda answer: answer[2])
        assert slowest[2] < ANSWERED_WITHIN_SECONDS, slowest
        assert well_after < WELL_WITHIN_SECONDS, well_after
        statuses = Counter((kind, status) for kind, status, _ in load.answers)
        assert {status for _, status in statuses} <= {200, 201, 404, 409, 429, 503}, statuses
        assert {kind for kind, status, _ in during if status == 503} >= {"subscribe", "wallet", "history"}
        for repeated in list(load.unanswered):
            assert await load.sell(*repeated) == 201
    assert await ledger_lines(site) == []
    sales = rows(
        site,
        "SELECT count(*), count(DISTINCT idempotency_key) FROM recharges WHERE idempotency_key LIKE 'frozen-%'",
    )
    assert sales == [(len(load.sold), len(load.sold))]
