"""`python -m bench due`: autopays that are all due at one instant, run by two worker processes, with recharges at a constant rate beside them.

As at six in the morning in India: each customer has one autopay, paid from the wallet, of a plan that its operator delivers at once; all owners
have had their notice. The workers do all that workers do, so they hand out the events of these recharges, too (notices, audit,
figures). Everything shares one machine: two workers, the API, the load and the servers. At the end each autopay must have been charged once.

A rate says little on a busy machine, so a part of them is run first in this process, with the processor's time counted: of the runs, and
of handing their events out.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Final
from uuid import UUID

import asyncpg
import psutil
from rich.console import Console
from rich.table import Table

from bench import load, servers
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.steady import pace
from bench.world import OPENING_PAISE, PRODUCT, Customer, World, world
from gencharge import wiring
from gencharge.autopay.loop import AutopayRunner
from gencharge.core import telemetry
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.payments.context import PaymentContext

GOAL_PER_SECOND: Final = 300
GOAL_MS: Final = 50
_WORKERS: Final = 2
_PACE_SECONDS: Final = 10
_PATIENCE_SECONDS: Final = 1_800
_PLAN: Final = "SELECT plan_id, name, price_paise FROM plans WHERE plan_id = $1"
_DONE: Final = "SELECT count(*) FROM autopay_attempts WHERE outcome = 'succeeded'"
_WAITING: Final = "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)"
# Each autopay that has not exactly one try, one recharge, one payment out of the wallet, and a next due date.
_WRONG: Final = """
    SELECT count(*) FROM autopays AS a WHERE a.next_due <= $1
        OR (SELECT count(*) FROM autopay_attempts AS t WHERE t.user_id = a.user_id AND t.outcome = 'succeeded') <> 1
        OR (SELECT count(*) FROM recharges AS r WHERE r.user_id = a.user_id AND r.status = 'delivered') <> 1
        OR (SELECT sum(t.amount) FROM transfers AS t WHERE t.user_id = a.user_id AND t.debit = 'user:main') <> a.price
"""


@dataclass(slots=True)
class Seen:
    """What was seen while the autopays ran. CPU in seconds, memory in MB."""

    seconds: float = 0.0
    all_seconds: float = 0.0
    done: list[tuple[float, int]] = field(default_factory=list)
    memory: list[list[float]] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)
    paced: list[dict[str, float]] = field(default_factory=list)
    wrong: int = 0
    load: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What some work took, in seconds: of the clock, of this process, of PostgreSQL's processes."""

    name: str
    seconds: float
    own: float
    postgres: float


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(prog="bench due", description=__doc__)
    parser.add_argument("--autopays", type=int, default=20_000)
    parser.add_argument("--counted", type=int, default=2_000, help="run in this process first; 0: none")
    parser.add_argument("--rate", type=float, default=50, help="recharges per second beside them")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    with world() as bench_world:
        environment = bench_world.environment(PRODUCT) | {"WORKER_METRICS_PORT": "0"}
        people = [
            Customer(new_id(), f"+9197{number:08d}") for number in range(options.autopays + options.counted)
        ]
        counted, people = people[: options.counted], people[options.counted :]
        plan_id = bench_world.addon()
        if counted:
            costs = asyncio.run(_count(bench_world, counted, plan_id))
            _show_costs(console, costs, len(counted))
        if not people:
            return
        with (
            Server("api", "gencharge.api.main:create_app", bench_world.folder, environment) as server,
            servers.worker(bench_world.folder, environment, name="first") as first,
            servers.worker(bench_world.folder, environment, name="second") as second,
        ):
            server.wait_ready()
            recharges = partial(_recharges, bench_world, plan_id, server, options.rate)
            alone = recharges()
            processes = {"worker 1": first, "worker 2": second, "API": server.pid}
            seen = asyncio.run(_run(bench_world, people, plan_id, processes, recharges))
        report = bench_world.check(PRODUCT)
    _show(console, seen, alone, options)
    verdict = "is clean" if report.ok else "IS NOT CLEAN"
    console.print(f"{seen.wrong} autopays were not charged exactly once; the ledger {verdict}.")
    if not report.ok:
        console.print("\n".join(report.lines))


def _recharges(bench_world: World, plan_id: UUID, server: Server, rate: float) -> dict[str, float]:
    """Ten seconds of recharges. Their access tokens are new where the run has lasted longer than one is good for."""
    file = load.write(bench_world.folder / "due", bench_world.subscriptions(SUBSCRIBE, plan_id))
    return pace(server, file, rate, _PACE_SECONDS)


async def _count(bench_world: World, people: Sequence[Customer], plan_id: UUID) -> list[Cost]:
    """What the runs cost in this process and in PostgreSQL, and then what handing out their events costs."""
    settings = bench_world.settings[PRODUCT].model_copy(update={"access_log": False, "log_level": "WARNING"})
    telemetry.configure_logging(settings)
    connection = await asyncpg.connect(settings.postgres_url)
    stores = Stores.open(settings, name="gencharge-bench")
    try:
        await _add_customers(connection, people, "CNT")
        await _add_autopays(connection, people, plan_id, datetime.now(UTC) - timedelta(seconds=1))
        runner, relay = AutopayRunner(PaymentContext.at(stores)), Relay(stores, wiring.LISTENERS)
        costs = [await cost_of("the runs", connection, runner.drain())]
        costs.append(await cost_of("handing out their events", connection, relay.drain()))
        await runner.close()
        assert int(await connection.fetchval(_DONE)) == len(people), "each is charged once"
        await connection.execute("TRUNCATE autopay_attempts")
        await connection.execute("DELETE FROM autopays")
    finally:
        await stores.close()
        await connection.close()
    return costs


async def cost_of(name: str, connection: asyncpg.Connection, work: Awaitable[None]) -> Cost:
    """Do some work, and say what it took."""
    own = psutil.Process()
    postgres = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).parent()
    assert postgres is not None, "a backend is a child of the postmaster"

    def used() -> tuple[float, float]:
        backends = [_cpu(each) for each in postgres.children()]
        ended = postgres.cpu_times()
        return _cpu(own), sum(backends) + ended.children_user + ended.children_system

    before, began = used(), time.perf_counter()
    await work
    seconds, after = time.perf_counter() - began, used()
    return Cost(name, seconds, after[0] - before[0], after[1] - before[1])


async def _run(
    bench_world: World,
    people: Sequence[Customer],
    plan_id: UUID,
    pids: dict[str, int],
    beside: Callable[[], dict[str, float]],
) -> Seen:
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    seen, count = Seen(), len(people)
    try:
        await _add_customers(connection, people, "DUE")
        due = datetime.now(UTC) + timedelta(seconds=3 + count / 15_000)
        await _add_autopays(connection, people, plan_id, due)
        await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        processes = {name: psutil.Process(pid) for name, pid in pids.items()}
        before = {name: _cpu(process) for name, process in processes.items()}
        began, ended = time.perf_counter(), threading.Event()
        paced = asyncio.create_task(asyncio.to_thread(_pace, beside, seen, ended))
        waiting = 1
        while time.perf_counter() - began < _PATIENCE_SECONDS:
            done = int(await connection.fetchval(_DONE))
            elapsed = time.perf_counter() - began
            seen.done.append((elapsed, done))
            seen.memory.append([processes[name].memory_info().rss / 1e6 for name in ("worker 1", "worker 2")])
            if done >= count and not seen.seconds:
                seen.seconds, seen.load = elapsed, psutil.getloadavg()[0]
                seen.cpu = {name: _cpu(process) - before[name] for name, process in processes.items()}
                ended.set()
                await paced
            if done >= count:
                waiting = int(await connection.fetchval(_WAITING))
            if not waiting:
                break
            await asyncio.sleep(0.5)
        ended.set()
        await paced
        seen.all_seconds = time.perf_counter() - began
        seen.wrong = int(await connection.fetchval(_WRONG, due))
    finally:
        await connection.close()
    return seen


def _pace(beside: Callable[[], dict[str, float]], seen: Seen, ended: threading.Event) -> None:
    while not ended.is_set():
        seen.paced.append(beside())


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _add_customers(connection: asyncpg.Connection, people: Sequence[Customer], code: str) -> None:
    now = datetime.now(UTC)
    await _copy(
        connection,
        "users",
        ("user_id", "phone_number", "referral_code"),
        [(each.user_id, each.phone_number, f"{code}{number:07d}") for number, each in enumerate(people)],
    )
    await _copy(
        connection, "wallets", ("user_id", "posted"), [(each.user_id, OPENING_PAISE) for each in people]
    )
    await _copy(
        connection,
        "transfers",
        ("user_id", "id", "debit", "credit", "amount", "code", "key", "created_at"),
        [
            (each.user_id, new_id(), "opening", "user:main", OPENING_PAISE, 1, "opening", now)
            for each in people
        ],
    )
    await _copy(
        connection,
        "connections",
        ("phone_number", "user_id", "operator", "circle", "service_type"),
        [(each.phone_number, SYSTEM_USER_ID, "AIRTEL", "MH", "prepaid") for each in people],
    )


async def _add_autopays(
    connection: asyncpg.Connection, people: Sequence[Customer], plan_id: UUID, due: datetime
) -> None:
    plan = await connection.fetchrow(_PLAN, plan_id)
    values = {
        "plan_id": plan_id,
        "plan_name": plan["name"],
        "operator": "AIRTEL",
        "tag": "regular",
        "status": "active",
        "payment_method": "wallet",
        "source": "app",
        "price": plan["price_paise"],
        "max_amount": plan["price_paise"],
        "interval_count": 28,
        "interval_unit": "day",
        "first_due": due,
        "next_due": due,
        "noticed_due": due,
        "noticed_at": due - timedelta(days=1),
        "noticed_price": plan["price_paise"],
        "wake_at": due,
    }
    rows = [(each.user_id, new_id(), each.phone_number, *values.values()) for each in people]
    await _copy(connection, "autopays", ("user_id", "autopay_id", "phone_number", *values), rows)
    await connection.execute("ANALYZE users, wallets, transfers, connections, autopays")


async def _copy(
    connection: asyncpg.Connection, table: str, columns: Sequence[str], records: Sequence[tuple[object, ...]]
) -> None:
    await connection.copy_records_to_table(table, records=records, columns=list(columns))


def _show_costs(console: Console, costs: Sequence[Cost], count: int) -> None:
    table = Table(
        f"{count:,} autopays in one process", "ms each", "CPU ms each: process", "PostgreSQL", "both"
    )
    for cost in costs:
        parts = [
            1_000 * part / count for part in (cost.seconds, cost.own, cost.postgres, cost.own + cost.postgres)
        ]
        table.add_row(cost.name, *(f"{part:.2f}" for part in parts))
    console.print(table, f"Load {psutil.getloadavg()[0]:.1f}.")


def _show(console: Console, seen: Seen, alone: dict[str, float], options: argparse.Namespace) -> None:
    count = options.autopays
    rate = count / seen.seconds if seen.seconds else 0.0
    console.print(
        f"{count:,} autopays due at once, two workers: {seen.seconds:.1f} s, {rate:.0f}/s (goal {GOAL_PER_SECOND});"
        f" all their events were handed out after {seen.all_seconds:.1f} s. Load {seen.load:.1f}."
    )
    used = ", ".join(f"{name} {seconds:.1f}" for name, seconds in seen.cpu.items())
    console.print(f"CPU seconds until the last was charged: {used}.")
    table = Table("share done", *(f"{part * 10} %" for part in range(1, 11)))
    table.add_row("after, s", *(f"{_after(seen, count * part // 10):.1f}" for part in range(1, 11)))
    for number in range(_WORKERS):
        at = [
            seen.memory[_position(seen, count * part // 10)][number] if seen.memory else 0
            for part in range(1, 11)
        ]
        table.add_row(f"worker {number + 1}, MB", *(f"{megabytes:.0f}" for megabytes in at))
    console.print(table)
    paced = [("alone", [alone]), ("beside the autopays", seen.paced)]
    table = Table("subscribe", "requests", "p50 ms", "p95 ms: median, worst of 10 s", "errors", "p95 goal")
    for name, runs in paced:
        if runs:
            table.add_row(
                f"{options.rate:g}/s, {name}",
                f"{sum(run['requests'] for run in runs):.0f}",
                f"{median(run['p50_ms'] for run in runs):.1f}",
                f"{median(run['p95_ms'] for run in runs):.1f}, {max(run['p95_ms'] for run in runs):.1f}",
                f"{sum(run['errors'] for run in runs):.0f}",
                f"< {GOAL_MS}",
            )
    console.print(table)


def _position(seen: Seen, count: int) -> int:
    return next((place for place, (_, done) in enumerate(seen.done) if done >= count), len(seen.done) - 1)


def _after(seen: Seen, count: int) -> float:
    return seen.done[_position(seen, count)][0]
