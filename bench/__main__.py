"""Measure the hot paths side by side and say which goals are reached. A missed goal is no failure: exit status 0.

`python -m bench lists` measures the staff's lists instead (bench/lists.py), `python -m bench webhook` the gateway's
webhook (bench/webhook.py), `python -m bench integrators` the messages to integrators (bench/integrators.py), `python -m bench steady`
recharges at a constant rate while operators are at work (bench/steady.py), `python -m bench drip` what clients that
send a byte a second cost the others (bench/drip.py), `python -m bench traces` what tracing costs (bench/traces.py), `python -m bench figures`
what counting figures costs, and how fast they are read (bench/figures.py), `python -m bench live` two thousand live clients (bench/live.py),
`python -m bench inbox` a page of an inbox of ten thousand notices (bench/inbox.py), `python -m bench stories` the story of a recharge and
search (bench/stories.py), `python -m bench size` the scale data, its checks and the
answers of analytics (bench/size.py), `python -m bench reports` reports of a million rows (bench/report_files.py), `python -m bench due` autopays
that are due at one instant (bench/due.py), `python -m bench race` a race for the uses of one offer (bench/race.py), `python -m bench offers` sales and quotes with offers (bench/offers.py), `python -m bench announce` an announcement to a million customers (bench/announce.py), `python -m bench backups` backup and restore of a million recharges (bench/backups.py),
`python -m bench outbox` what storing delivered events costs (bench/outbox.py), `python -m bench document` what the sent documents of the API weigh, and what in them (bench/document.py).
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bench import (
    alternate,
    announce,
    backups,
    document,
    drip,
    due,
    figures,
    inbox,
    integrators,
    lists,
    live,
    load,
    offers,
    outbox,
    race,
    report,
    report_files,
    size,
    steady,
    stories,
    traces,
    webhook,
)
from bench.report import Memory
from bench.rows import SUBSCRIBE, Row, all_rows, run_round, start_servers
from bench.servers import Server
from bench.world import PRODUCT, World, world

WARM_UP_SECONDS = 1.0
MEMORY_REQUESTS = 1_000


def main() -> None:
    """Run the benchmark."""
    options = _options()
    console = Console()
    if not console.is_terminal:
        console.width = 130  # into a file: a table must not be folded to a terminal's width
    began = time.perf_counter()
    with (
        console.status("Starting PostgreSQL, MongoDB and Redis; migrating; making customers"),
        world() as bench_world,
    ):
        rows = _chosen(all_rows(bench_world), options.only)
        servers = start_servers(bench_world, {row.server for row in rows})
        try:
            memory = None
            if not options.only:
                console.print("Memory of a fresh API process")
                memory = measure_memory(bench_world)
            _run(console, rows, servers, bench_world, options)
        finally:
            for server in servers.values():
                server.stop()
        _show_ledgers(console, rows, bench_world)
    ratios = report.ratios_of({row.name: row for row in rows})
    report.show_rows(console, rows)
    report.show_ratios(console, ratios, memory)
    if any(one.load.errors for row in rows for one in row.rounds):
        console.print("[red]There were errors: the numbers above mean nothing.[/red]")
    console.print(f"{time.perf_counter() - began:.0f} s in all")
    if options.output:
        about = {"at": datetime.now(UTC).isoformat(), "generator": load.generator_name()}
        document = report.as_json(rows, ratios, memory, **about)
        options.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each row")
    parser.add_argument("--seconds", type=float, default=4, help="of a round; wrk takes whole seconds")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--quick", action="store_true", help="one round of two seconds")
    parser.add_argument("--only", action="append", metavar="NAME", help="measure this row; may be repeated")
    parser.add_argument("--output", type=Path, help="write everything to this file, as JSON")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 2
    return options


def _chosen(rows: Sequence[Row], only: Sequence[str] | None) -> list[Row]:
    unknown = set(only or ()) - {row.name for row in rows}
    if unknown:
        raise SystemExit(
            f"no row is called {', '.join(unknown)}; there are {', '.join(row.name for row in rows)}"
        )
    return [row for row in rows if not only or row.name in only]


def _run(
    console: Console,
    rows: Sequence[Row],
    servers: dict[str, Server],
    bench_world: World,
    options: argparse.Namespace,
) -> None:
    """Warm every row up, then measure all of them in turn, again and again: what disturbs, disturbs all."""
    console.print(
        f"{options.rounds} x {options.seconds:g} s, {options.connections} connections, {load.generator_name()};"
        " one server process each; PostgreSQL with fsync on"
    )
    columns = (TextColumn("{task.description:28}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=(options.rounds + 1) * len(rows))
        for turn in range(options.rounds + 1):
            for row in rows:
                progress.update(task, description=row.name if turn else f"{row.name} (warm-up)")
                seconds = options.seconds if turn else WARM_UP_SECONDS
                server = servers[row.server]
                done = run_round(row, server, bench_world, seconds=seconds, connections=options.connections)
                if turn:
                    row.rounds.append(done)
                progress.advance(task)


def measure_memory(bench_world: World) -> Memory:
    """Resident memory of a fresh API process: at rest, after a thousand recharges, after a thousand more."""
    environment = bench_world.environment(PRODUCT)
    file = load.write(
        bench_world.folder / "memory.requests", bench_world.subscriptions(SUBSCRIBE, bench_world.addon())
    )
    with Server("memory", "gencharge.api.main:create_app", bench_world.folder, environment) as server:
        server.wait_ready()
        time.sleep(2)
        readings = [server.rss_mb]
        for _ in range(2):
            sent = load.send(server.port, file, count=MEMORY_REQUESTS, connections=32)
            if sent.errors:
                raise RuntimeError(f"{sent.errors} of {MEMORY_REQUESTS} recharges failed")
            readings.append(server.rss_mb)
    return Memory(*readings)


def _show_ledgers(console: Console, rows: Sequence[Row], bench_world: World) -> None:
    for database in sorted({row.database for row in rows if row.database}):
        report = bench_world.check(database)
        verdict = "[green]the ledger is clean[/green]" if report.ok else "[red]THE LEDGER IS NOT CLEAN[/red]"
        console.print(f"{database}: {bench_world.count_recharges(database):,} recharges, {verdict}")
        if not report.ok:
            console.print("\n".join(report.lines))


_OTHERS: Final = {
    "backups": backups.main,
    "document": document.main,
    "announce": announce.main,
    "inbox": inbox.main,
    "reports": report_files.main,
    "lists": lists.main,
    "webhook": webhook.main,
    "integrators": integrators.main,
    "size": size.main,
    "stories": stories.main,
    "steady": steady.main,
    "drip": drip.main,
    "alternate": alternate.main,
    "due": due.main,
    "outbox": outbox.main,
    "race": race.main,
    "offers": offers.main,
    "live": live.main,
    "traces": traces.main,
    "figures": figures.main,
}


def run(words: Sequence[str]) -> None:
    """What `words` ask for: one of the other measurements, or the benchmark."""
    # So that each of them cleans up, as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    measure = _OTHERS.get(words[0]) if words else None
    if measure is None:
        main()
    else:
        measure(words[1:])


if __name__ == "__main__":
    run(sys.argv[1:])
