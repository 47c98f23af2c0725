"""PostgreSQL under Patroni: whatever happens to the leader, no acknowledged recharge is lost and none is made twice."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.run.embedded.server import Server
from gencharge.seed import seed
from tests.faults.site import Site
from tests.faults.test_faults import cheapest, ledger_lines, new_number, recharge, rows, wait_for
from tests.faults.test_soak import fill_wallets
from tests.make.patroni import Cluster, needs_patroni, patroni_configuration, wait_until

CLIENTS = 8
# The longest time without an acknowledged recharge, where Patroni of the old leader is dead or at work.
OUTAGE_SECONDS = 20
FROZEN = "Patroni of the leader frozen, its PostgreSQL goes on"


def test_the_example_waits_for_a_second_server_and_its_times_fit() -> None:
    dcs = patroni_configuration()["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] is dcs["synchronous_mode_strict"] is True
    # Patroni's rule; https://patroni.readthedocs.io, dynamic configuration.
    assert dcs["ttl"] >= dcs["loop_wait"] + 2 * dcs["retry_timeout"]
    # Up to 18 connections for an API process and 22 for a worker, of ten and two.
    assert dcs["postgresql"]["parameters"]["max_connections"] >= 10 * 20 + 2 * 22


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="gencharge-patroni-"))
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """API and worker on the cluster, by two logins as `docs/how-to/deploy.md` makes them."""
    cluster.run(
        "CREATE ROLE gencharge_owner LOGIN CREATEROLE PASSWORD 'o'",
        "CREATE DATABASE gencharge OWNER gencharge_owner",
        "CREATE ROLE gencharge LOGIN PASSWORD 'g'",
    )
    folder = Path(tempfile.mkdtemp(prefix="gencharge-failover-"))
    url = f"postgresql://gencharge:g@{cluster.hosts}/gencharge"
    site = Site(
        folder, more={"DATABASE_URL": url, "LIMIT_CHANGES_PER_MINUTE": "1000000", "DEV_FIXED_OTP": ""}
    )
    stores: tuple[Server, ...] = (site.mongo, site.redis)
    try:
        for server in stores:
            server.start()
        for server in stores:
            server.wait_ready()
        migrations.upgrade(_with(site, f"postgresql://gencharge_owner:o@{cluster.hosts}/gencharge"))
        cluster.run("GRANT gencharge_app TO gencharge")
        seed(site.settings)
        fill_wallets(site, paise=200_000_000)
        site.start_process("worker")
        site.start_api()
        yield site
    finally:
        for name in list(site.processes):
            site.kill(name)
        for server in stores:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _with(site: Site, migration_url: str) -> Settings:
    return site.settings.model_copy(update={"migration_database_url": migration_url})


class Buyers:
    """Customers who repeat a recharge with its key until it is answered."""

    def __init__(self, site: Site, plan: str) -> None:
        self._site, self._plan = site, plan
        self._headers = site.headers(range(1, CLIENTS + 1))
        self.acknowledged: dict[str, str] = {}
        self.answers: Counter[str] = Counter()
        self.longest_gap = 0.0
        self._last = time.monotonic()
        self.over = False

    async def buy(self, number: int) -> None:
        """Goes on until it is over; the last recharge is finished."""
        while not self.over:
            key = f"failover-{uuid4()}"
            body = {
                "phone_number": new_number(),
                "plan_id": self._plan,
                "payment_method": "wallet",
                "automatic_offer": False,
            }
            while key not in self.acknowledged:
                answer = await recharge(self._site, self._headers[number], body, key)
                self.answers[str(answer.status_code) if answer else "none"] += 1
                if answer is not None and answer.status_code == 201:
                    now = time.monotonic()
                    self.longest_gap = max(self.longest_gap, now - self._last)
                    self._last = now
                    self.acknowledged[key] = answer.json()["subscription_id"]
                else:
                    await asyncio.sleep(0.2)
            await asyncio.sleep(0)

    def round(self) -> None:
        """Begin to look for the longest gap again."""
        self.longest_gap, self._last = 0.0, time.monotonic()


@needs_patroni
@pytest.mark.soak
async def test_no_acknowledged_recharge_is_lost_whatever_happens_to_the_leader(
    cluster: Cluster, site: Site
) -> None:
    """RECHARGES: in each of the rounds at least so many."""
    minimum = int(os.environ.get("RECHARGES", "500"))
    async with httpx.AsyncClient(timeout=10) as client:
        plan = await cheapest(site, client)
    processes = dict(site.processes)
    buyers = Buyers(site, plan)
    tasks = [asyncio.create_task(buyers.buy(number)) for number in range(CLIENTS)]
    strikes: list[tuple[str, Callable[[str], None]]] = [
        ("kill -9 of PostgreSQL", cluster.kill_postgres),
        ("switchover", lambda _leader: cluster.switch_over()),
        ("kill -9 of the leader's node", cluster.kill),
        # Two lead for a time, and clients are connected to the old one: what it acknowledges must be at a second server.
        (FROZEN, lambda leader: cluster.freeze_patroni(leader, 5)),
    ]
    lines = []
    for name, strike in strikes:
        before, leader = len(buyers.acknowledged), cluster.leader()
        assert leader is not None
        answers_before = Counter(buyers.answers)
        await _grow(buyers, before + minimum // 2)
        buyers.round()
        await asyncio.to_thread(strike, leader)
        await asyncio.sleep(1)
        await _grow(buyers, max(before + minimum, len(buyers.acknowledged) + minimum // 4))
        lines.append(
            f"{name}: longest gap {buyers.longest_gap:.1f} s, {dict(buyers.answers - answers_before)}, leader {leader}"
            f" -> {cluster.leader()}"
        )
        assert name == FROZEN or buyers.longest_gap <= OUTAGE_SECONDS, lines
        if strike == cluster.kill:
            cluster.start_node(leader)
        await asyncio.to_thread(wait_until, cluster.is_whole, "the cluster did not become whole again")
    buyers.over = True
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    print("\n" + "\n".join([f"{len(buyers.acknowledged)} acknowledged", *lines]))  # noqa: T201 - what the run is for
    assert set(buyers.answers) <= {"201", "503"}, lines
    stored = dict(
        rows(
            site,
            "SELECT idempotency_key, id::text FROM recharges WHERE left(idempotency_key, 9) = 'failover-'",
        )
    )
    assert stored == buyers.acknowledged
    assert await ledger_lines(site) == []
    await wait_for(lambda: rows(site, "SELECT count(*) FROM events") == [(0,)], 120)
    assert {name: process.pid for name, process in site.processes.items()} == {
        name: process.pid for name, process in processes.items()
    }
    assert all(process.poll() is None for process in processes.values())


async def _grow(buyers: Buyers, count: int) -> None:
    """Return when so many recharges are acknowledged."""
    end = time.monotonic() + 400
    while len(buyers.acknowledged) < count:
        assert time.monotonic() < end, "recharges do not go on"
        await asyncio.sleep(0.1)
