"""`gencharge serve` ends on SIGTERM: each request that it took has its answer, whichever store is away or frozen."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path

import httpx
import orjson
import psutil
import psycopg
import pytest
from websockets.asyncio.client import connect

from gencharge.core.sockets import embedded_postgres_url
from gencharge.run.embedded.server import Server
from tests.faults.load import CLIENTS, Load
from tests.faults.site import Site
from tests.make import fork_server
from tests.make.process_table import outliving
from tests.stores_in_trouble import away, frozen

STOP_SECONDS = 15


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Stores with the sample data; each test starts an API of its own."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-serving-"))
    # A few customers send what thousands do.
    site = Site(folder, more={"LIMIT_CHANGES_PER_MINUTE": "100000"})
    try:
        site.start_stores()
        # Enough for all sales; nobody looks at these books.
        with psycopg.connect(embedded_postgres_url(folder)) as connection:
            connection.execute("UPDATE wallets SET posted = 10000000000")
        yield site
    finally:
        site.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _stop_under_load(
    site: Site, workers: int, trouble: AbstractContextManager[None]
) -> tuple[Load, float, int]:
    """Start an API, call it, bring on the trouble, send SIGTERM: the load, the seconds to the end, the exit code."""
    api = _start_api(site, workers)
    load = Load(site)
    clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
    try:
        async with asyncio.timeout(60):
            while load.answers[200] < 50:
                await asyncio.sleep(0.05)
        with trouble:
            await asyncio.sleep(1)
            children = api.children(recursive=True)
            started = time.monotonic()
            api.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(api.wait, 60)
            seconds = time.monotonic() - started
            await asyncio.wait_for(asyncio.gather(*clients), 5)
            assert outliving(children, seconds=5) == []
    finally:
        for process in (*api.children(recursive=True), api) if api.is_running() else ():
            process.kill()
        for client in clients:
            client.cancel()
    return load, seconds, code


class Api(psutil.Process):
    """`gencharge serve`, forked from a process that has loaded it."""

    def __init__(self, forked: fork_server.Process) -> None:
        super().__init__(forked.pid)
        self._forked = forked

    def wait(self, timeout: float | None = None) -> int:
        """The exit code at its end; raises TimeoutExpired after `timeout` seconds."""
        return self._forked.wait(timeout)


def _start_api(site: Site, workers: int, **more: str) -> Api:
    log = site.folder / "serve.log"
    log.unlink(missing_ok=True)
    api = Api(
        fork_server.start(
            *("gencharge", "serve", "--workers", str(workers)),
            folder=site.folder,
            log=log,
            environment=site.inherited | site.environment | more,
        )
    )
    site.wait_for_api()
    return api


TROUBLES: dict[str, Callable[[Server], AbstractContextManager[None]]] = {
    "up": lambda _server: nullcontext(),
    "away": away,
    "frozen": frozen,
}


@contextmanager
def all_of(
    trouble: Callable[[Server], AbstractContextManager[None]], servers: Iterable[Server]
) -> Iterator[None]:
    """Each of the stores in the same trouble."""
    with ExitStack() as stack:
        for server in servers:
            stack.enter_context(trouble(server))
        yield


SHORT = [("postgres", "up", 2), ("postgres", "frozen", 1), ("mongo", "frozen", 1)]
LONG = [
    (store, trouble, workers)
    for store in ("postgres", "mongo", "redis")
    for trouble in TROUBLES
    for workers in (1, 2)
    if (store, trouble, workers) not in SHORT
]
LONG += [("all", trouble, workers) for trouble in ("away", "frozen") for workers in (1, 2)]


@pytest.mark.parametrize(
    ("store", "trouble", "workers"), [*SHORT, *(pytest.param(*row, marks=pytest.mark.soak) for row in LONG)]
)
async def test_the_api_ends_on_sigterm_and_answers_what_it_took(
    site: Site, store: str, trouble: str, workers: int
) -> None:
    stores = [site.postgres, site.mongo, site.redis] if store == "all" else [getattr(site, store)]
    load, seconds, code = await _stop_under_load(site, workers, all_of(TROUBLES[trouble], stores))
    log = (site.folder / "serve.log").read_text()[-4000:]
    assert load.cut_off == [], log
    assert set(load.answers) <= {200, 201, 409, 429, 503}, log
    assert load.answers[201] > 0, "nothing was sold"
    assert code == 0, log
    assert seconds < STOP_SECONDS, log
    assert "Traceback" not in log
    assert "graceful shutdown exceeded" not in log, log


@pytest.mark.parametrize("workers", [1, 2])
async def test_live_clients_are_told_to_come_back_and_hold_up_no_stop(site: Site, workers: int) -> None:
    api = _start_api(site, workers)
    lives, silent = [], []
    try:
        for headers in site.headers(range(1, 9)):
            address = f"ws://127.0.0.1:{site.port}/v1/notifications/ws"
            live = await connect(address, additional_headers=headers, compression=None, proxy=None)
            assert orjson.loads(await live.recv())["type"] == "welcome"
            lives.append(live)
        # This one answers no close frame.
        silent.append(lives.pop())
        silent[0].transport.pause_reading()
        started = time.monotonic()
        api.send_signal(signal.SIGTERM)
        for live in lives:
            async with asyncio.timeout(5):
                end = orjson.loads(await live.recv())
                assert (end["type"], end["code"]) == ("end", "server_restarting")
                await live.wait_closed()
            assert live.close_code == 1001
        assert await asyncio.to_thread(api.wait, 60) == 0
        assert time.monotonic() - started < STOP_SECONDS
        assert "Traceback" not in (site.folder / "serve.log").read_text()
    finally:
        for process in (*api.children(recursive=True), api) if api.is_running() else ():
            process.kill()
        for live in silent:
            live.transport.abort()


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_process_that_is_to_stop_says_so_and_serves_until_a_proxy_has_noticed(
    site: Site, workers: int
) -> None:
    api = _start_api(site, workers, SHUTDOWN_DELAY_SECONDS="4")
    try:
        base = f"http://127.0.0.1:{site.port}"
        assert httpx.get(f"{base}/health/ready").status_code == 200
        started = time.monotonic()
        api.send_signal(signal.SIGTERM)
        # Each request on a connection of its own, as a proxy asks. Each process notices for itself, within a tenth of a second, if it gets
        # a core; one of two may answer twenty requests in a row.
        refusals = 0
        while refusals < 20 or time.monotonic() - started < 1.5:
            refusals = refusals + 1 if httpx.get(f"{base}/health/ready").status_code != 200 else 0
            assert time.monotonic() - started < 3, "it does not say that it stops"
        while time.monotonic() - started < 3:
            assert httpx.get(f"{base}/v1/operators").status_code == 200
            assert httpx.get(f"{base}/health/ready").json()["status"] == "unavailable"
        assert await asyncio.to_thread(api.wait, 60) == 0
        assert 4 <= time.monotonic() - started < 4 + STOP_SECONDS
    finally:
        for process in (*api.children(recursive=True), api) if api.is_running() else ():
            process.kill()


async def test_a_second_signal_waits_for_no_proxy(site: Site) -> None:
    api = _start_api(site, 1, SHUTDOWN_DELAY_SECONDS="60")
    try:
        started = time.monotonic()
        api.send_signal(signal.SIGTERM)
        while httpx.get(f"http://127.0.0.1:{site.port}/health/ready").status_code == 200:
            await asyncio.sleep(0.02)
        api.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(api.wait, 60) == 0
        assert time.monotonic() - started < STOP_SECONDS
    finally:
        if api.is_running():
            api.kill()


def _children(api: Api) -> list[psutil.Process]:
    """The living processes that serve."""
    return [child for child in api.children() if child.status() != psutil.STATUS_ZOMBIE]


def test_a_process_that_dies_is_replaced_and_none_outlives_a_kill_of_the_first(site: Site) -> None:
    api = _start_api(site, 2)
    try:
        first = _children(api)
        assert len(first) == 2
        first[0].kill()
        deadline = time.monotonic() + 30
        while first[0] in (now := _children(api)) or len(now) < 2:
            assert time.monotonic() < deadline, now
            time.sleep(0.05)
        assert first[1] in now
    finally:
        family = api.children(recursive=True)
        api.kill()
        api.wait()
    assert outliving(family, seconds=20) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_application_that_does_not_start_ends_the_server_with_an_error(site: Site, workers: int) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "gencharge", "serve", "--workers", str(workers)],
        cwd=site.folder,
        env=site.inherited | site.environment | {"GENCHARGE_CRASH_AT": "here:no_number"},
        capture_output=True,
        timeout=90,
    )
    assert answer.returncode > 0
