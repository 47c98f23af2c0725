"""How the processes end: on any signal, however many come, and whichever store is away or frozen."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import cast

import psutil
import psycopg
import pytest

from gencharge.core.postgres.maintenance import comment_of
from gencharge.core.sockets import embedded_postgres_url
from gencharge.core.stores.stores import Stores
from gencharge.run import worker
from gencharge.run.embedded import EmbeddedServers
from gencharge.run.embedded.server import Server
from tests.make import fork_server
from tests.make.fork_server import Process
from tests.make.prepared import prepare
from tests.make.process_table import names, outliving
from tests.stores_in_trouble import away, frozen
from tests.test_dev import Run, begin_dev, environment, free_port

WORKER_SECONDS = 15  # 9 at most, on a machine with nothing else to do
DEV_SECONDS = 15


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a path that is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def _stop_twice(folder: Path, first: signal.Signals, second: signal.Signals, pause_seconds: float) -> None:
    if not (folder / "postgres").exists():
        prepare(folder)
    run = Run(folder, free_port(), forked=True)
    run.process.send_signal(first)
    time.sleep(pause_seconds)
    run.process.send_signal(second)
    assert run.end() == 0
    assert "Traceback" not in run.text()
    assert "Stopped. The data is kept in" in run.text()


# Two signals of one kind, and pauses up to 20 ms: in the soak, below.
@pytest.mark.parametrize(("first", "second", "pause_seconds"), [(signal.SIGINT, signal.SIGHUP, 0.004)])
def test_a_second_signal_does_not_disturb_the_stop(
    folder: Path, first: signal.Signals, second: signal.Signals, pause_seconds: float
) -> None:
    _stop_twice(folder, first, second, pause_seconds)


TWO_AT_ONCE = """
import os, signal
from gencharge.run.stop_signals import Stop, StopSignals
both = {signal.SIGINT, signal.SIGHUP}
try:
    with StopSignals():
        signal.pthread_sigmask(signal.SIG_BLOCK, both)
        for number in both:
            os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
        print("went on")
except Stop:
    print("stopped")
os.kill(os.getpid(), signal.SIGTERM)
print("ignored")
"""


def test_two_signals_that_wait_for_the_handler_together_stop_once_and_print_nothing() -> None:
    answer = subprocess.run([sys.executable, "-c", TWO_AT_ONCE], capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "stopped\nignored\n", "")


IN_A_CALLBACK = """
import signal, time, weakref
from gencharge.run.stop_signals import Stop, StopSignals
class Thing: pass
thing = Thing()
reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
try:
    with StopSignals():
        del thing
        print("lost")
        time.sleep(30)
        print("went on")
except Stop:
    print("stopped")
"""


def test_a_signal_in_the_callback_of_a_weak_reference_stops_a_little_later_and_prints_nothing() -> None:
    answer = subprocess.run([sys.executable, "-c", IN_A_CALLBACK], capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "lost\nstopped\n", "")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGHUP),
        (signal.SIGTERM, signal.SIGINT),
    ],
    ids=lambda number: number.name,
)
def test_a_hundred_stops_with_two_signals_leave_nothing_behind(
    folder: Path, first: signal.Signals, second: signal.Signals
) -> None:
    for number in range(25):
        _stop_twice(folder, first, second, pause_seconds=number * 20 / 24 / 1000)


def test_a_signal_during_the_start_leaves_nothing_behind(folder: Path) -> None:
    """Once while the product is being loaded, and once later, where nothing needs to be."""
    for wait_seconds, forked in ((0.5, False), (1.5, True)):
        output = folder / "output"
        output.write_bytes(b"")
        begun = begin_dev(folder, output, forked, PORT=free_port())
        process = psutil.Process(begun.pid)
        deadline = time.monotonic() + 30
        while "Starting" not in output.read_text() and time.monotonic() < deadline:
            if "redis-server" in names(process.children(recursive=True)):
                break
            time.sleep(0.01)
        time.sleep(wait_seconds)
        children = process.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert begun.wait(30) == 0
        assert "Traceback" not in output.read_text()
        assert outliving(children, seconds=10) == []


@pytest.mark.parametrize(
    "stores",
    [
        pytest.param({"postgres", "mongod", "redis-server"}, id="all"),
        *(
            pytest.param({name}, id=name, marks=pytest.mark.soak)
            for name in ("postgres", "mongod", "redis-server")
        ),
        pytest.param(set(), id="none", marks=pytest.mark.soak),
    ],
)
def test_dev_ends_in_time_on_sigterm_while_its_stores_stand_still(folder: Path, stores: set[str]) -> None:
    prepare(folder)
    run = Run(folder, free_port(), forked=True)
    # Parents first: what a server forks in between would go on.
    for child in run.children:
        if child.name() in stores:
            child.suspend()
    time.sleep(1)  # so that the API and the worker have noticed
    started = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    assert run.end() == 0
    assert time.monotonic() - started < DEV_SECONDS
    assert "Traceback" not in run.text()
    assert "Stopped. The data is kept in" in run.text()


def _worker(folder: Path) -> Process:
    log = folder / "worker.out"
    log.write_bytes(b"")
    process = fork_server.start(
        "gencharge", "worker", folder=folder, log=log, environment=environment(folder, LOG_FORMAT="console")
    )
    deadline = time.monotonic() + 60
    while "worker_started" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return process


@pytest.fixture(scope="module")
def servers() -> Iterator[EmbeddedServers]:
    """Running stores of this module's own, with the tables."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    prepare(folder)
    with EmbeddedServers(folder) as servers:
        yield servers
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("store", ["postgres", "redis", "mongo"])
@pytest.mark.parametrize("trouble", [away, frozen])
def test_a_worker_ends_on_sigterm_whatever_a_store_does(
    servers: EmbeddedServers, store: str, trouble: Callable[[Server], AbstractContextManager[None]]
) -> None:
    process = _worker(servers.data_dir)
    time.sleep(1)  # so that the loops are at work
    with trouble(getattr(servers, store)):
        time.sleep(1)  # so that they have noticed
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(WORKER_SECONDS)
        finally:
            process.send_signal(signal.SIGKILL)
    assert code == 0, (servers.data_dir / "worker.out").read_text()[-3000:]


def test_a_worker_stops_claiming_while_the_installation_is_closed_and_goes_on_afterwards(
    servers: EmbeddedServers,
) -> None:
    folder = servers.data_dir
    process, log = _worker(folder), folder / "worker.out"

    def until(text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while log.read_text().count(text) < times:
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.02)

    url = embedded_postgres_url(folder)
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        comment = comment_of({"closed": True, "step": "closed"}).replace("'", "''")
        connection.execute(f"COMMENT ON DATABASE {name} IS '{comment}'")
        until("closed_for_restore", times=2)  # it ends its work, and waits
        polled = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gencharge-worker'"
        deadline = time.monotonic() + 20
        while connection.execute(polled).fetchone() != (0,):
            assert time.monotonic() < deadline, "the worker keeps its connections"
            time.sleep(0.05)
        connection.execute(f"COMMENT ON DATABASE {name} IS NULL")
        until("worker_started", times=2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WORKER_SECONDS) == 0


@pytest.mark.parametrize(("is_told", "code"), [(True, 0), (False, 1)], ids=["told to stop", "closed"])
async def test_a_worker_whose_work_hangs_while_it_closes_ends_and_comes_back_unless_told_to_stop(
    monkeypatch: pytest.MonkeyPatch, is_told: bool, code: int
) -> None:
    monkeypatch.setattr(worker, "_CLOSE_SECONDS", 600.0 if is_told else 0.05)
    monkeypatch.setattr(worker, "_STOP_SECONDS", 0.05)
    codes = list[int]()
    monkeypatch.setattr(os, "_exit", codes.append)
    over, stop = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()

    task = asyncio.create_task(hang())
    await asyncio.sleep(0)
    if is_told:  # while it closes, not before
        asyncio.get_running_loop().call_later(0.05, stop.set)
    async with asyncio.timeout(60):
        await worker._end([task], cast(Stores, None), stop)  # they are not closed while work hangs
    assert codes == [code]
    over.set()
    await task
