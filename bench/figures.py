"""What counting figures costs, and how fast they are read.

    python -m bench figures [--recharges N] [--years N] [--beside]

Counting: N recharges are sold over HTTP, then their events are handed out twice, without and with the listener of the figures. The
difference, a recharge, stands beside what a sale takes: once as they were sold, all of one plan, and once spread over four operators, 240 plans,
23 circles and four ways of paying, which changes many more rows of figures. Reading: figures of so many years of four operators, as many rows as ten
million recharges leave, and each answer asked for again and again, in this process.

With `--beside` only this: an API sells as fast as it can, and beside it a process hands its events out at a worker's pace, in turns one that counts
figures and one that does not. So the throughput that counting costs is measured, with all that it keeps others from.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
from rich.console import Console
from sqlalchemy import text

from bench import load
from bench.due import Cost, cost_of
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.world import PRODUCT, World, world
from gencharge.analytics import listeners, plans_staff_service, service, staff_service
from gencharge.analytics.models import MEASURES
from gencharge.analytics.staff_schemas import FiguresQuery
from gencharge.core.events.events import Listener
from gencharge.core.events.relay import Relay
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.sessions.guards import Principal

ADMIN: Final = Principal(new_id(), "admin", new_id(), "Viewer")
GOAL_COST: Final = 0.05
_ROUNDS: Final = 5
_CHILD: Final = "--relay"
_GO, _REST = "go", "rest"
_TURNS, _WINDOW_SECONDS, _CONNECTIONS = 16, 4.0, 16
_ASKED: Final = 100
# How many keys each cut has, about: a catalogue of 240 plans, the circles of India, a few channels and offers.
_KEYS: Final = {
    "all": 1,
    "hour": 24,
    "plan": 60,
    "circle": 23,
    "plan_type": 2,
    "category": 6,
    "payment_method": 4,
    "source": 3,
    "channel": 3,
    "offer": 10,
    "failure": 6,
    "wait": 9,
}


def main(words: Sequence[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="bench figures", description=__doc__)
    parser.add_argument("--recharges", type=int, default=20_000)
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument(
        "--beside", action="store_true", help="how much of the sales' throughput counting costs"
    )
    options = parser.parse_args(words)
    console = Console()
    with world() as bench_world:
        if options.beside:
            _sell_beside(console, bench_world)
            return
        _count(console, bench_world, options.recharges)
        asyncio.run(_read(console, bench_world.settings[PRODUCT], options.years))


def _count(console: Console, bench_world: World, recharges: int) -> None:
    requests = bench_world.subscriptions(SUBSCRIBE, bench_world.addon())
    file = load.write(bench_world.folder / "figures.requests", requests)
    environment = bench_world.environment(PRODUCT)
    with Server("figures", "gencharge.api.main:create_app", bench_world.folder, environment) as server:
        server.wait_ready()
        load.send(server.port, file, count=1_000, connections=32)
        bench_world.empty_outbox(PRODUCT)
        began = time.perf_counter()
        load.send(server.port, file, count=recharges, connections=32)
        sale = (time.perf_counter() - began) / recharges
    console.print(f"a sale over HTTP, 32 at once: {sale * 1e6:.0f} microseconds")
    asyncio.run(_hand_out(console, bench_world.settings[PRODUCT], sale))


def _sell_beside(console: Console, bench_world: World) -> None:
    environment = bench_world.environment(PRODUCT)
    file = load.write(
        bench_world.folder / "figures.requests", bench_world.subscriptions(SUBSCRIBE, bench_world.addon())
    )
    with (
        Server("figures", "gencharge.api.main:create_app", bench_world.folder, environment) as server,
        _relay(environment, is_counting=False) as plain,
        _relay(environment, is_counting=True) as counting,
    ):
        server.wait_ready()
        rates: dict[int, list[float]] = {plain.pid: [], counting.pid: []}
        # One that falls behind would hide what counting costs.
        waiting: dict[int, list[int]] = {plain.pid: [], counting.pid: []}
        errors = 0
        for turn in range(_TURNS + 1):
            # The other one first in every second turn, and the first turn is a rehearsal.
            for own in [plain, counting][:: 1 if turn % 2 else -1]:
                bench_world.empty_outbox(PRODUCT)
                _tell(own, _GO)
                seen = load.drive(
                    server.port, file, seconds=_WINDOW_SECONDS if turn else 2, connections=_CONNECTIONS
                )
                waited = bench_world.count_events(PRODUCT)
                _tell(own, _REST)
                errors += seen.errors
                if turn:
                    rates[own.pid].append(seen.per_second)
                    waiting[own.pid].append(waited)
    pairs = [counted / without for without, counted in zip(*rates.values(), strict=True)]
    without, counted = (statistics.fmean(each) for each in rates.values())
    console.print(
        f"subscribe: {without:.0f}/s while nothing is counted, {counted:.0f}/s while figures are: {1 - counted / without:.1%} less"
        f" (goal under {GOAL_COST:.0%}); of {len(pairs)} pairs of windows the middle one {1 - statistics.median(pairs):.1%}; {errors} errors;"
        f" {statistics.median(waiting[plain.pid]):.0f} and {statistics.median(waiting[counting.pid]):.0f} events waited at the end of a window (median)"
    )


@contextmanager
def _relay(environment: dict[str, str], *, is_counting: bool) -> Iterator[subprocess.Popen[str]]:
    """A process that hands events out when it is told to, and counts figures or not."""
    words = [sys.executable, "-m", "bench.figures", _CHILD, "counting" if is_counting else "plain"]
    process = subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _tell(relay: subprocess.Popen[str], word: str) -> None:
    """Returns when it has done so. One that was stopped by a signal in the middle of a transaction would keep its locks."""
    assert relay.stdin is not None
    assert relay.stdout is not None
    relay.stdin.write(f"{word}\n")
    relay.stdin.flush()
    while (line := relay.stdout.readline().strip()) != word:
        if not line and relay.poll() is not None:
            sys.exit("the process that hands events out has ended")


async def _hand_out_when_told(*, is_counting: bool) -> None:
    stores = Stores.open(Settings(_env_file=None))  # type: ignore[call-arg]
    # At the pace of a worker.
    relay, running = Relay(stores, (listeners.COUNT,) if is_counting else ()), None
    while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if word == _GO:
            running = asyncio.create_task(relay.run())
        elif running is not None:
            running.cancel()
            await asyncio.wait([running])
        print(word, flush=True)


async def _hand_out(console: Console, settings: Settings, sale: float) -> None:
    stores = Stores.open(settings)
    try:
        await _sql(stores, "CREATE TABLE kept_events AS SELECT * FROM events")
        await _time_counting(console, stores, "all of one plan", sale)
        await _sql(stores, _SPREAD)
        await _sql(stores, "ANALYZE recharges")
        await _time_counting(console, stores, "spread", sale)
    finally:
        await stores.close()


# As a day's recharges are: by operator, plan, circle, way of paying and app.
_SPREAD: Final = """
    UPDATE recharges SET operator = (ARRAY['JIO', 'AIRTEL', 'VI', 'BSNL'])[1 + floor(random() * 4)::int],
        plan_id = md5(floor(random() * 240)::text)::uuid, circle = 'C' || floor(random() * 23)::text,
        payment_method = (ARRAY['wallet', 'upi', 'card', 'netbanking'])[1 + floor(random() * 4)::int],
        source = (ARRAY['app', 'web', 'autopay'])[1 + floor(random() * 3)::int]
"""


async def _time_counting(console: Console, stores: Stores, name: str, sale: float) -> None:
    events = int(await _sql(stores, "SELECT count(*) FROM kept_events"))
    costs: dict[bool, list[Cost]] = {False: [], True: []}
    connection = await asyncpg.connect(stores.settings.postgres_url)
    for _ in range(_ROUNDS):
        for is_counted in (False, True):
            await _sql(stores, "TRUNCATE events, deliveries")
            await _sql(stores, "INSERT INTO events SELECT * FROM kept_events")
            await _sql(stores, "TRUNCATE recharge_figures")
            chosen: tuple[Listener, ...] = (listeners.COUNT,) if is_counted else ()
            costs[is_counted].append(await cost_of(name, connection, Relay(stores, chosen).drain()))
    await connection.close()

    def median(is_counted: bool, of: Callable[[Cost], float]) -> float:
        return statistics.median(of(cost) for cost in costs[is_counted]) / events

    def more(of: Callable[[Cost], float]) -> str:
        return f"{(median(True, of) - median(False, of)) * 1e6:.0f}"

    without, counted = (median(is_counted, lambda cost: cost.seconds) for is_counted in (False, True))
    console.print(
        f"{name}: handing an event out: {without * 1e6:.0f} microseconds; counted, too: {counted * 1e6:.0f};"
        f" counting is {(counted - without) / sale:.1%} of a sale ({events:,} events, median of {_ROUNDS} rounds each);"
        f" of processor time it takes {more(lambda cost: cost.own)} in this process and {more(lambda cost: cost.postgres)} in PostgreSQL"
    )


async def _read(console: Console, settings: Settings, years: int) -> None:
    stores = Stores.open(settings)
    try:
        values = ", ".join(f"('{cut}', {keys})" for cut, keys in _KEYS.items())
        await _sql(stores, "TRUNCATE recharge_figures")
        await _sql(
            stores,
            f"INSERT INTO recharge_figures (day, operator, cut, key, {', '.join(MEASURES)})"
            f" SELECT current_date - day, operator, cut, {_KEY}, {', '.join('(random() * 1000)::bigint' for _ in MEASURES)}"
            f" FROM generate_series(0, {years * 365}) AS day, unnest(ARRAY['JIO', 'AIRTEL', 'VI', 'BSNL']) AS operator,"
            f" (VALUES {values}) AS cuts(cut, keys), generate_series(1, keys) AS number",
        )
        await _sql(stores, "ANALYZE recharge_figures")
        await service.sum_months(stores.database)
        rows = int(await _sql(stores, "SELECT count(*) FROM recharge_figures"))
        month, longest = FiguresQuery(), FiguresQuery.model_validate({"from": _first(years)})
        console.print(f"{rows:,} rows of figures, {_ASKED} times each:")
        await _time(console, stores, "thirty days", lambda db: staff_service.transactions(db, ADMIN, month))
        await _time(
            console, stores, f"{years} years", lambda db: staff_service.transactions(db, ADMIN, longest)
        )
        await _time(
            console, stores, "the ETag of thirty days", lambda db: staff_service.etag(db, ADMIN, month)
        )
        await _time(
            console, stores, "current active plans", lambda db: plans_staff_service.show(db, ADMIN, longest)
        )
    finally:
        await stores.close()


# A plan and an offer are ids, an hour has two digits.
_KEY: Final = (
    "CASE cut WHEN 'all' THEN '' WHEN 'hour' THEN lpad((number - 1)::text, 2, '0') WHEN 'wait'"
    " THEN (ARRAY['1','2','5','10','30','60','300','900','more'])[number]"
    " WHEN 'plan' THEN md5('plan' || operator || number)::uuid::text WHEN 'offer' THEN md5('offer' || number)::uuid::text"
    " ELSE cut || number END"
)


def _first(years: int) -> str:
    return (FiguresQuery().days().last - timedelta(days=years * 365 - 1)).isoformat()


async def _time(console: Console, stores: Stores, name: str, ask: Callable[[Any], Awaitable[object]]) -> None:
    times = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        await stores.database.run(ask)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    console.print(f"  {name:24} p50 {times[_ASKED // 2]:7.1f} ms   p95 {times[_ASKED * 95 // 100]:7.1f} ms")


async def _sql(stores: Stores, statement: str) -> Any:
    async with stores.database.transaction() as db:
        await db.execute(text("SET LOCAL ROLE NONE"))
        await allow_long_statements(db)
        result = await db.execute(text(statement.replace("::", "\\:\\:")))
        return result.scalar() if result.returns_rows else None  # type: ignore[attr-defined]


if __name__ == "__main__" and sys.argv[1:2] == [_CHILD]:
    asyncio.run(_hand_out_when_told(is_counting=sys.argv[2] == "counting"))
