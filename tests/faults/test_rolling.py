"""A restart of all processes, one after the other, behind a proxy that never asks twice: no request is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest

from gencharge.core.sockets import embedded_postgres_url
from tests.faults.load import CLIENTS, Load
from tests.faults.site import Site
from tests.faults.test_faults import ledger_lines
from tests.faults.test_soak import fill_wallets
from tests.make import fork_server
from tests.make.haproxy import configuration, haproxy, needs_haproxy
from tests.make.pooler import free_port

pytestmark = needs_haproxy
SCRIPT = Path(__file__).parent.parent.parent / "deploy" / "rolling-restart"
# Of a proxy that notices within 2 s; more on a machine that does other work.
DELAY_SECONDS = 5
# So that no wallet is empty before the end, and a client that is refused does not count a hundred times.
PAUSE_SECONDS = 0.1


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Stores with the sample data."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-rolling-"))
    site = Site(folder, more={"LIMIT_CHANGES_PER_MINUTE": "1000000", "TRUSTED_PROXIES": "1"})
    try:
        site.start_stores()
        fill_wallets(site)
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Fleet:
    """API processes and workers as units of a machine, with a `systemctl` that restarts them."""

    def __init__(self, site: Site, *, apis: int, workers: int, delay_seconds: int) -> None:
        self._site = site
        self._delay_seconds = delay_seconds
        self._folder = Path(tempfile.mkdtemp(prefix="gencharge-units-"))
        self.ports = [free_port() for _ in range(apis)]
        self.units = [f"gencharge-worker-{number}" for number in range(workers)]
        self.units += [f"gencharge-api@{port}" for port in self.ports]
        self._running: dict[str, fork_server.Process] = {}
        # The exit code and the seconds of each stop.
        self.stops: list[tuple[str, int, float]] = []

    def start(self, unit: str) -> None:
        """Start a unit."""
        port = unit.partition("@")[2]
        self._running[unit] = fork_server.start(
            "gencharge",
            *(("serve", "--port", port) if port else ("worker",)),
            folder=self._site.folder,
            log=self._site.folder / f"{unit}.log",
            environment=self._site.inherited
            | self._site.environment
            | {"SHUTDOWN_DELAY_SECONDS": str(self._delay_seconds)},
        )

    def stop(self) -> None:
        """End all of them."""
        for process in self._running.values():
            process.send_signal(signal.SIGKILL)
            process.wait(20)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def roll(self) -> str:
        """Restart all units by the script of `deploy/`: what it printed."""
        (self._folder / "systemctl").write_text(
            '#!/bin/sh\ncd "${0%/*}"\n'
            'case $1 in restart) touch "$2.asked"; while [ -e "$2.asked" ]; do sleep 0.1; done;; esac\n'
        )
        (self._folder / "systemctl").chmod(0o755)
        path = f"{self._folder}:{os.environ['PATH']}"
        environment = {"PATH": path, "SETTLE_SECONDS": "4", "WORKER_SECONDS": "1"}
        script = await asyncio.create_subprocess_exec(
            str(SCRIPT), *self.units, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        talk = asyncio.create_task(script.communicate())
        while not talk.done():
            for request in self._folder.glob("*.asked"):
                await self._restart(request.stem)
                request.unlink()
            await asyncio.sleep(0.05)
        return (await talk)[0].decode()

    async def _restart(self, unit: str) -> None:
        process, began_at = self._running[unit], time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(process.wait, 60)
        self.stops.append((unit, code, time.monotonic() - began_at))
        self.start(unit)


async def _ready(port: int) -> None:
    end = time.monotonic() + 180
    async with httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < end, f"nothing ready at {port}"
            await asyncio.sleep(0.1)


def _count(site: Site, query: str) -> int:
    with psycopg.connect(embedded_postgres_url(site.folder)) as connection:
        [(count,)] = connection.execute(query).fetchall()
    return int(count)


@dataclass
class Result:
    """What the clients of a rolling restart saw, and how the processes ended."""

    load: Load
    stops: list[tuple[str, int, float]]
    # Recharges in the database, in addition to those of before.
    sold: int

    @property
    def lost(self) -> int:
        """Requests without the answer that they should have."""
        bad = sum(count for status, count in self.load.answers.items() if status not in {200, 201})
        return bad + len(self.load.cut_off) + self.load.refused

    def __str__(self) -> str:
        longest = max(seconds for _, _, seconds in self.stops)
        return (
            f"{sum(self.load.answers.values())} requests answered {dict(self.load.answers)}, {self.lost} lost"
            f" ({self.load.cut_off[:3]}), {self.sold} recharges; {len(self.stops)} stops, {longest:.1f} s at most"
        )


async def _roll_under_load(
    site: Site,
    folder: Path,
    *,
    apis: int,
    workers: int,
    rounds: int = 1,
    delay_seconds: int = DELAY_SECONDS,
    retries: bool = False,
) -> Result:
    fleet, port = Fleet(site, apis=apis, workers=workers, delay_seconds=delay_seconds), free_port()
    sold_before = _count(site, "SELECT count(*) FROM recharges")
    text = configuration(fleet.ports, port=port, tls_port=None, certificate=None, retries=retries)
    try:
        for unit in fleet.units:
            fleet.start(unit)
        for api in fleet.ports:
            await _ready(api)
        with haproxy(folder, text, port=port):
            await _ready(port)
            load = Load(site, port=port, with_sign_in=False, pause_seconds=PAUSE_SECONDS)
            clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
            printed = [await fleet.roll() for _ in range(rounds)]
            load.over = True
            await asyncio.wait_for(asyncio.gather(*clients), 30)
        assert all("All run the new release." in each for each in printed), printed
        assert [unit for unit, _, _ in fleet.stops] == fleet.units * rounds
        # The workers have told everybody of everything.
        end = time.monotonic() + 60
        while _count(site, "SELECT count(*) FROM events"):
            assert time.monotonic() < end, "events are left"
            await asyncio.sleep(0.2)
        sold = _count(site, "SELECT count(*) FROM recharges") - sold_before
        return Result(load, fleet.stops, sold)
    finally:
        fleet.stop()


async def _nothing_is_lost(site: Site, result: Result) -> None:
    seen = str(result)
    assert result.lost == 0, seen
    assert result.load.answers[200] > 0, seen
    assert result.sold == result.load.answers[201] > 0, seen
    assert {code for _, code, _ in result.stops} == {0}, seen
    assert await ledger_lines(site) == []


async def test_a_rolling_restart_behind_a_proxy_without_retries_loses_no_request(
    site: Site, tmp_path: Path
) -> None:
    await _nothing_is_lost(site, await _roll_under_load(site, tmp_path, apis=2, workers=1))


@pytest.mark.soak
async def test_three_apis_and_two_workers_restarted_again_and_again_lose_no_request(
    site: Site, tmp_path: Path
) -> None:
    rounds = int(os.environ.get("ROLLS", "3"))
    result = await _roll_under_load(site, tmp_path, apis=3, workers=2, rounds=rounds)
    print(f"\nSHUTDOWN_DELAY_SECONDS={DELAY_SECONDS}, no retries: {result}")  # noqa: T201 - what the run is for
    await _nothing_is_lost(site, result)


@pytest.mark.soak
@pytest.mark.parametrize("retries", [False, True])
async def test_without_the_delay_only_a_proxy_that_tries_another_process_loses_nothing(
    site: Site, tmp_path: Path, retries: bool
) -> None:
    """The control: without delay and retries requests must be lost, or the test above proves nothing."""
    result = await _roll_under_load(site, tmp_path, apis=3, workers=2, delay_seconds=0, retries=retries)
    print(f"\nno delay, {'' if retries else 'no '}retries: {result}")  # noqa: T201 - what the run is for
    if retries:
        await _nothing_is_lost(site, result)
    else:
        assert result.lost > 0
