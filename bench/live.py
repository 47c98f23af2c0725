"""`python -m bench live`: two thousand live clients, a notice for each of them, one announcement to all, and what that costs a recharge.

The clients speak WebSocket and come from a hundred addresses of the loopback network. The notices are announced in one transaction;
the time runs from its commit until the last client has its own; that of an announcement runs from the call that sends it. Recharges go
on at a constant rate, without clients, with idle ones, and while notices or announcements are handed out, in turn, as often as `--rounds` says; the
medians of the rounds are compared with those of the idle clients. `--workers 2` is two processes behind one port. All processes share the machine,
so a row says what the API, the clients and who sends the recharges take of a core. The clients stand for phones, which take nothing of the server's machine: their
process gives way to all others.

`--against CHECKOUT` compares announcements with another checkout, both sides in turn (bench/live_sides.py).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import psutil
import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import text as sql

from bench import live_sides, load, servers
from bench.drip import pace, serving
from bench.phones import Phone
from bench.world import PRODUCT, world
from gencharge.announcements import staff_service
from gencharge.announcements.staff_schemas import AnnouncementCreate, SendAnnouncement
from gencharge.core.events.events import emit
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.stores import mongo
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.recharge.events import PlanExpired
from gencharge.sessions.tokens import Keyring, Principal

_ROOT: Final = Path(__file__).parent.parent
_ADDRESSES: Final = 100
_AT_A_TIME: Final = 50
_PAUSE_SECONDS: Final = 2.0
_NO_CLIENT: Final = "no client"
_IDLE: Final = "idle clients"
_NOTICES: Final = "notices for all, one round after another"
_ANNOUNCEMENTS: Final = "announcements to all, one every two seconds"
_SIGN_UP: Final = sql("""
    WITH signed_up AS (
        INSERT INTO users (user_id, phone_number, referral_code, registered_at)
        VALUES (:user_id, :phone, :code, now() - interval '1 day') RETURNING user_id
    )
    INSERT INTO user_preferences (user_id, email_notification, sms_notification, marketing_communication, recharge_reminders,
                                  promotional_offers, transactional_alerts, data_analytics, third_party_integrations)
    SELECT user_id, true, true, true, true, true, true, true, true FROM signed_up
""")
_GOAL_SECONDS: Final = 2.0
_GOAL_MB: Final = 400


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    options = _options(words)
    if options.against is not None:
        live_sides.run(options)
        return
    console = Console()
    if not console.is_terminal:
        console.width = 130
    rows = list[_Row]()
    notices, announcements = list[float](), list[float]()
    with world() as bench_world:
        settings = {"LIVE_CONNECTIONS": str(options.clients), "ACCESS_TOKEN_EXPIRE_MINUTES": "60"}
        environment = bench_world.environment(PRODUCT) | settings
        with (
            serving(bench_world, workers=options.workers, **settings) as (port, server),
            servers.worker(bench_world.folder, environment),
        ):
            file = bench_world.folder / "live"

            def measure(name: str, clients: _Clients | None = None) -> None:
                # Again each time: tokens are good for five minutes.
                subscriptions = bench_world.subscriptions("/v1/recharge/subscribe", bench_world.addon())
                requests = load.write(file, subscriptions)
                before = _cpu(server), clients.cpu_seconds if clients else 0.0, _cpu_of_children()
                answers = pace(port, requests, options.rate, options.seconds)
                after = _cpu(server), clients.cpu_seconds if clients else 0.0, _cpu_of_children()
                used = [
                    100 * (end - begin) / options.seconds for begin, end in zip(before, after, strict=True)
                ]
                shares = dict(zip(("api", "clients", "generator"), used, strict=True))
                rows.append((name, answers | shares | {"mb": _memory(server)}))

            measure("warm-up")
            rows.clear()
            for _ in range(options.rounds):
                measure(_NO_CLIENT)
            with _clients(port, options.clients, environment) as clients:
                for _ in range(options.rounds):
                    measure(_IDLE, clients)
                    clients.begin("tell_all", options.seconds)
                    measure(_ANNOUNCEMENTS, clients)
                    announcements += clients.end()
                    clients.begin("announce", options.seconds)
                    measure(_NOTICES, clients)
                    notices += clients.end()
    _show(console, rows, (notices, announcements), options)


_Row = tuple[str, dict[str, float]]


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench live", description=__doc__)
    parser.add_argument("--clients", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rate", type=float, default=100, help="recharges per second")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3, help="how often each row is measured")
    parser.add_argument("--against", type=Path, help="another checkout, with its `make setup` done")
    return parser.parse_args(words)


def _family(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _memory(server: psutil.Process) -> float:
    """Megabytes of the largest process that serves."""
    return max(process.memory_info().rss for process in _family(server)) / 1e6


def _cpu(server: psutil.Process) -> float:
    """Seconds of a core that the processes of a server have used."""
    times = [process.cpu_times() for process in _family(server)]
    return float(sum(each.user + each.system for each in times))


def _cpu_of_children() -> float:
    """Seconds of a core that processes used which have ended: those that sent recharges."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Clients:
    """The process of the clients, which is told what to do by lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def cpu_seconds(self) -> float:
        """What it has used of a core."""
        return _cpu(psutil.Process(self._process.pid))

    def begin(self, act: str, seconds: float) -> None:
        """Do it again and again for so long: `announce` is a notice for each, `tell_all` one announcement."""
        self._write(f"{act} {seconds}")

    def end(self) -> list[float]:
        """How long it took each time until everybody had it, in seconds."""
        times: list[float] = json.loads(self._read())
        return times

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the clients have ended")
        return line


@contextmanager
def _clients(port: int, count: int, environment: dict[str, str]) -> Iterator[_Clients]:
    words = [sys.executable, "-m", "bench.live", str(port), str(count), json.dumps(environment)]
    process = subprocess.Popen(words, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    psutil.Process(process.pid).nice(live_sides.NICENESS)
    clients = _Clients(process)
    try:
        clients._read()  # all have signed in
        yield clients
    finally:
        process.terminate()
        process.wait(20)


class _Crowd:
    """Clients in this process, and how many have got their notice."""

    def __init__(self, port: int, count: int, environment: dict[str, str]) -> None:
        values = {name.lower(): value for name, value in environment.items()}
        self._settings = Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]
        self._database = Database(self._settings, name="bench-live")
        self._documents = mongo.connect(self._settings)[self._settings.mongo_database]
        self._port = port
        self._people = [new_id() for _ in range(count)]
        self._waiting: set[UUID] = set()
        self._all = asyncio.Event()
        # Connections that the server ended: each of them makes the figures worthless.
        self.lost = 0

    async def gather(self) -> None:
        """Sign up, connect and sign in."""
        rows = [
            {"user_id": user_id, "phone": f"+9160{number:08d}", "code": f"LIVE{user_id.hex}"}
            for number, user_id in enumerate(self._people)
        ]
        async with self._database.transaction() as db:
            await db.execute(_SIGN_UP, rows)
        places = asyncio.Semaphore(_AT_A_TIME)
        keys = Keyring(self._settings)

        async def join(number: int, user_id: UUID) -> None:
            async with places:
                token = keys.sign(Principal(user_id, "user", new_id()))
                _, phone = await asyncio.get_running_loop().create_connection(
                    lambda: Phone(token, lambda: self._on_notice(user_id), self._on_lost),
                    *("127.0.0.1", self._port),
                    local_addr=(f"127.0.0.{2 + number % _ADDRESSES}", 0),
                )
                await phone.joined

        await asyncio.gather(*(join(number, user_id) for number, user_id in enumerate(self._people)))

    def _on_notice(self, user_id: UUID) -> None:
        self._waiting.discard(user_id)
        if not self._waiting:
            self._all.set()

    def _on_lost(self) -> None:
        self.lost += 1

    async def announce(self) -> float:
        """Seconds from the commit until everybody has their notice."""
        self._waiting = set(self._people)
        self._all.clear()
        happened = [
            PlanExpired(
                user_id=str(user_id),
                recharge_id=str(new_id()),
                phone_number="+919876543210",
                plan_name="Jio 199",
            )
            for user_id in self._people
        ]
        await self._database.run(lambda db: emit(db, *happened))
        committed_at = time.perf_counter()
        async with asyncio.timeout(120):
            await self._all.wait()
        return time.perf_counter() - committed_at

    async def tell_all(self) -> float:
        """Seconds from the moment at which an announcement to all customers is sent until everybody has it."""
        self._waiting = set(self._people)
        self._all.clear()
        admin = Principal(new_id(), "admin", new_id())
        vault = Vault.of_database(self._database)
        texts = {code: {"title": "Hello", "body": "To all of you."} for code in ("en", "hi")}
        body = {"audience": {"kind": "customers"}, "purpose": "service", "texts": texts}
        command = AnnouncementCreate.model_validate_json(json.dumps(body))
        announcement_id = await self._database.run(
            lambda db: staff_service.create(db, self._documents, vault, admin, command)
        )
        began = time.perf_counter()
        await self._database.run(
            lambda db: staff_service.send(
                db,
                self._documents,
                vault,
                self._settings,
                admin,
                announcement_id,
                None,
                SendAnnouncement(),
            )
        )
        async with asyncio.timeout(120):
            await self._all.wait()
        return time.perf_counter() - began


async def _serve_lines(port: int, count: int, environment: dict[str, str]) -> None:
    crowd = _Crowd(port, count, environment)
    await crowd.gather()
    print("ready", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        name, seconds = line.split()
        end, times = time.monotonic() + float(seconds), list[float]()
        while time.monotonic() < end:
            if name == "announce":
                times.append(await crowd.announce())
            else:
                began = time.monotonic()
                times.append(await crowd.tell_all())
                await asyncio.sleep(max(0.0, began + _PAUSE_SECONDS - time.monotonic()))
        if crowd.lost:
            raise SystemExit(f"the server ended {crowd.lost} connections")
        print(json.dumps(times), flush=True)


def _show(
    console: Console,
    rows: list[_Row],
    seconds: tuple[list[float], list[float]],
    options: argparse.Namespace,
) -> None:
    table = Table(
        "recharges", "p50 ms", "p95 ms", "p99 ms", "errors", "memory MB", "API %", "clients %", "sender %"
    )
    medians = dict[str, float]()
    for name in dict.fromkeys(name for name, _ in rows):
        own = [row for each, row in rows if each == name]
        median = {key: statistics.median(row[key] for row in own) for key in own[0]}
        medians[name] = median["p95_ms"]
        figures = [f"{median[key]:.2f}" for key in ("p50_ms", "p95_ms", "p99_ms")]
        shares = [f"{median[key]:.0f}" for key in ("mb", "api", "clients", "generator")]
        table.add_row(name, *figures, f"{sum(row['errors'] for row in own):.0f}", *shares)
    console.print(
        f"{options.clients} live clients, {options.workers} API process(es), {options.rate:g} recharges/s for"
        f" {options.seconds:g} s a row"
    )
    console.print(table)
    for name, against in ((_IDLE, _NO_CLIENT), (_ANNOUNCEMENTS, _IDLE), (_NOTICES, _IDLE)):
        more = 100 * (medians[name] / medians[against] - 1)
        console.print(f"p95 of a recharge, {name}: {more:+.0f} % against {against}.")
    for what, times in zip(("A notice for each client", "One announcement to all"), seconds, strict=True):
        console.print(
            f"{what}: the last has it after {statistics.median(times):.2f} s (median of {len(times)}, at most {max(times):.2f} s);"
            f" goal {_GOAL_SECONDS:g} s. Memory: goal {_GOAL_MB} MB."
        )


if __name__ == "__main__":
    uvloop.run(_serve_lines(int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])))
