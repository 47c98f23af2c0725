"""`python -m bench reports`: how long a report of a million recharges takes as CSV and Parquet, one of 200,000 as XLSX, and how much
memory. With `--sales` a recharge at 50 a second is measured alone, and beside a CSV report that gives way to it as a worker does. With `--data-dir` the newest recharges of the scale data there (`bench size --data-dir`) are reported.

Each is made by a process of its own, as `gencharge report` makes it. Its seconds are those of the whole process, its memory the largest
resident set that the system saw.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

import scale
from bench import filled, load, steady
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.world import PRODUCT, World, world
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.reports import commands

# Format, rows, seconds and MB at most.
GOALS: Final = (("csv", 1_000_000, 20, 250), ("xlsx", 200_000, 60, 300), ("parquet", 1_000_000, 20, 300))
_CHILD: Final = "--one"
# Recharges a second, and for how long; a worker gives way by as much.
_RATE, _SECONDS, _GOAL_MS, _NICE = 50.0, 15.0, 50, 10
# Spread over two years before now; one in ten failed, one in fifty has a name that a spreadsheet would run.
_FILL: Final = text("""
    INSERT INTO recharges (user_id, id, idempotency_key, request_hash, phone_number, plan_id, plan_version, plan_name,
        operator, plan_type, category, price, discount, wallet_amount, gateway_amount, status, sold_status, payment_method,
        source, activation_mode, balance_after, circle, created_at, completed_at)
    SELECT gen_random_uuid(), gen_random_uuid(), number::text, ''::bytea, '+9197' || lpad((number % 100000000)::text, 8, '0'),
        gen_random_uuid(), 1, CASE WHEN number % 50 = 0 THEN '=1+1' ELSE 'Unlimited 299' END,
        (ARRAY['JIO', 'AIRTEL', 'VI', 'BSNL'])[1 + number % 4], 'prepaid', 'popular', 29900, 1000, 28900, 0,
        CASE WHEN number % 10 = 0 THEN 'failed' ELSE 'delivered' END, 'active', 'wallet', 'app', 'immediate', 0, 'MH',
        now() - number * interval '1 minute', now() - number * interval '1 minute'
    FROM generate_series(1, CAST(:rows AS int)) AS number
""")

_NTH: Final = text(
    "SELECT created_at FROM recharges ORDER BY created_at DESC OFFSET CAST(:rows AS int) LIMIT 1"
)


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(prog="bench reports", description=__doc__)
    parser.add_argument("--rows", type=int, default=max(rows for _, rows, _, _ in GOALS))
    parser.add_argument("--data-dir", type=Path, help="the folder of scale data")
    parser.add_argument("--size", choices=scale.NAMED, default="10m", help="of the data there")
    parser.add_argument("--sales", action="store_true", help="measure recharges beside a report")
    options = parser.parse_args(words)
    console = Console()
    if options.data_dir is not None:
        size = scale.Size.named(options.size)
        with (
            filled.database(options.data_dir, size, console) as settings,
            tempfile.TemporaryDirectory() as folder,
        ):
            _measure_all(console, filled.environment(settings), settings, Path(folder), options.rows)
        return
    with world() as bench_world:
        began = time.perf_counter()
        asyncio.run(_fill(bench_world.settings[PRODUCT], options.rows))
        console.print(f"{options.rows:,} recharges in {time.perf_counter() - began:.0f} s.")
        environment = bench_world.environment(PRODUCT)
        if options.sales:
            _measure_sales(console, bench_world, options.rows)
            return
        _measure_all(console, environment, bench_world.settings[PRODUCT], bench_world.folder, options.rows)


def _measure_all(
    console: Console, environment: Mapping[str, str], settings: Settings, folder: Path, limit: int
) -> None:
    table = Table("format", "rows", "seconds", "goal", "MB", "goal", "file, MB")
    for file_format, rows, most_seconds, most_mb in GOALS:
        count = min(rows, limit)
        file = folder / f"report.{file_format}"
        since = asyncio.run(_since(settings, count))
        seconds, mb = _measure(environment, file_format, since, file)
        size = file.stat().st_size / 1_000_000
        table.add_row(
            file_format,
            f"{count:,}",
            f"{seconds:.1f}",
            str(most_seconds),
            f"{mb:.0f}",
            str(most_mb),
            f"{size:.0f}",
        )
    console.print(table)


def _measure_sales(console: Console, bench_world: World, rows: int) -> None:
    environment, folder = bench_world.environment(PRODUCT), bench_world.folder
    file = folder / "report.csv"
    since = asyncio.run(_since(bench_world.settings[PRODUCT], rows))
    with Server("api", "gencharge.api.main:create_app", folder, environment) as server:
        server.wait_ready()
        recharges = load.write(folder / "sales", bench_world.subscriptions(SUBSCRIBE, bench_world.addon()))
        steady.pace(server, recharges, _RATE, 2)  # warm-up
        table = Table("recharges, 50 a second", "requests", "p50 ms", "p95 ms", "p99 ms", "errors")
        seen = {"alone": steady.pace(server, recharges, _RATE, _SECONDS)}
        began = time.perf_counter()
        command = ["nice", "-n", str(_NICE), sys.executable, "-m", "bench.report_files", _CHILD, "csv", since]
        with subprocess.Popen([*command, str(file)], env=environment) as child:
            seen["beside a report"] = steady.pace(server, recharges, _RATE, _SECONDS)
            ended = child.poll() is not None
        took = time.perf_counter() - began
    for name, each in seen.items():
        times = [f"{each[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms")]
        table.add_row(name, f"{each['requests']:.0f}", *times, f"{each['errors']:.0f}")
    console.print(table)
    over = "; it ended before the recharges did" if ended else ""
    console.print(
        f"The report of {rows:,} rows took {took:.0f} s{over}. Goal: p95 under {_GOAL_MS} ms beside it."
    )


async def _fill(settings: Settings, rows: int) -> None:
    database = Database(settings, name="bench")
    try:
        async with database.transaction() as db:
            await allow_long_statements(db)
            await db.execute(_FILL, {"rows": rows})
        async with database.transaction() as db:
            await db.execute(text("ANALYZE recharges"))
    finally:
        await database.close()


def _measure(environment: Mapping[str, str], file_format: str, since: str, file: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "bench.report_files", _CHILD, file_format, since, str(file)]
    began = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, environment)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    if status:
        raise RuntimeError(f"{command} ended with {status}")
    return seconds, usage.ru_maxrss / 1000


def _one(file_format: str, since: str, file: str) -> int:
    # The oldest come first: the filter leaves the newest ones.
    filters = {"from": since}
    return commands.write(
        Settings(_env_file=None),  # type: ignore[call-arg]
        "transactions",
        Path(file),
        print,
        file_format=file_format,
        columns=None,
        filters=filters,
    )


async def _since(settings: Settings, rows: int) -> str:
    """The instant from which on there are so many."""
    database = Database(settings, name="bench")
    try:
        async with database.transaction() as db:
            await db.execute(text("SET LOCAL statement_timeout = 0"))
            at: datetime = (await db.execute(_NTH, {"rows": rows - 1})).scalar_one()
            return at.isoformat()
    finally:
        await database.close()


if __name__ == "__main__" and sys.argv[1:2] == [_CHILD]:
    sys.exit(_one(*sys.argv[2:5]))
