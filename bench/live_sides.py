"""`python -m bench live --against CHECKOUT`: announcements to live clients in two checkouts in turn: what disturbs the machine disturbs both alike.

Both checkouts (each with its `make setup` done) have their own stores, API, worker and clients, up during the whole run. A turn measures recharges
at a constant rate beside idle clients, then beside an announcement every two seconds, on one side and then on the other; the side that goes first
changes with each turn. The clients' processes give way to all others.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.progress import track
from rich.table import Table

NICENESS: Final = 10
_IDLE: Final = "idle"
_ANNOUNCING: Final = "tell_all"
# Runs in a checkout, by its own Python. It uses only what the benchmark of both checkouts has.
_HOLD: Final = """
import json, sys
import psutil
from bench import live, load, servers
from bench.drip import pace, serving
from bench.world import PRODUCT, world

count, workers, niceness = (int(word) for word in sys.argv[1:])
settings = {"LIVE_CONNECTIONS": str(count), "ACCESS_TOKEN_EXPIRE_MINUTES": "60"}
with world() as prepared:
    environment = prepared.environment(PRODUCT) | settings
    with (
        serving(prepared, workers=workers, **settings) as (port, server),
        servers.worker(prepared.folder, environment),
        live._clients(port, count, environment) as clients,
    ):
        crowd = psutil.Process(clients._process.pid)
        if crowd.nice() < niceness:
            crowd.nice(niceness)
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            act, rate, seconds = line.split()
            subscriptions = prepared.subscriptions("/v1/recharge/subscribe", prepared.addon())
            requests = load.write(prepared.folder / "live", subscriptions)
            before = live._cpu(server)
            if act != "idle":
                clients.begin(act, float(seconds))
            answers = pace(port, requests, float(rate), float(seconds))
            used = 100 * (live._cpu(server) - before) / float(seconds)
            times = clients.end() if act != "idle" else []
            seen = {"api": used, "mb": live._memory(server), "times": times}
            print(json.dumps(answers | seen), flush=True)
"""


class _Side:
    """One checkout with its stores, servers and clients."""

    def __init__(self, checkout: Path, options: argparse.Namespace) -> None:
        self._checkout = checkout
        words = [str(options.clients), str(options.workers), str(NICENESS)]
        self._process = subprocess.Popen(
            [checkout / ".venv" / "bin" / "python", "-c", _HOLD, *words],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, act: str, rate: float, seconds: float) -> dict[str, Any]:
        """Recharges at this rate beside the act: percentiles, errors, and how long announcements took."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{act} {rate} {seconds}\n")
        self._process.stdin.flush()
        seen: dict[str, Any] = self.read()
        return seen

    def read(self) -> Any:
        """What it says next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._checkout} stopped; does its benchmark know `live`?")
        return json.loads(line)

    def stop(self) -> None:
        """End its servers, clients and stores."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


@contextmanager
def _sides(options: argparse.Namespace) -> Iterator[list[_Side]]:
    with ExitStack() as stack:
        sides = []
        for checkout in (options.against.resolve(), Path(__file__).parent.parent):
            sides.append(_Side(checkout, options))
            stack.callback(sides[-1].stop)
        for side in sides:
            side.read()  # all clients have signed in
        yield sides


def run(options: argparse.Namespace) -> None:
    """Compare and print."""
    console = Console()
    if not console.is_terminal:
        console.width = 130
    seen: list[dict[str, list[dict[str, Any]]]] = [{_IDLE: [], _ANNOUNCING: []} for _ in range(2)]
    with _sides(options) as sides:
        for turn in track(range(options.rounds + 1), "turns", console=console, transient=True):
            for number in (0, 1) if turn % 2 else (1, 0):
                for act, rows in seen[number].items():
                    row = sides[number].measure(act, options.rate, options.seconds)
                    if turn:  # the first one warms up
                        rows.append(row)
    _show(console, options, seen)


def _show(
    console: Console, options: argparse.Namespace, seen: Sequence[dict[str, list[dict[str, Any]]]]
) -> None:
    console.print(
        f"{options.clients} live clients, {options.workers} API process(es), {options.rate:g} recharges/s,"
        f" {options.rounds} turns of {options.seconds:g} s"
    )
    columns = ("p50 ms", "p95 ms", "p99 ms", "API %", "MB", "errors", "last client s, median", "at most")
    table = Table("side", "recharges", *columns)
    for name, rows_of in zip(("the other checkout", "this one"), seen, strict=True):
        for act, rows in rows_of.items():
            middle = [median(row[key] for row in rows) for key in ("p50_ms", "p95_ms", "p99_ms", "api", "mb")]
            times = [each for row in rows for each in row["times"]]
            last = [f"{median(times):.2f}", f"{max(times):.2f}"] if times else ["", ""]
            errors = sum(row["errors"] for row in rows)
            beside = "idle clients" if act == _IDLE else "an announcement every 2 s"
            figures = [f"{value:.2f}" for value in middle[:3]] + [f"{value:.0f}" for value in middle[3:]]
            table.add_row(name, f"beside {beside}", *figures, f"{errors:.0f}", *last)
    console.print(table)
    for name, rows_of in zip(("the other checkout", "this one"), seen, strict=True):
        pairs = zip(rows_of[_ANNOUNCING], rows_of[_IDLE], strict=True)
        ratios = [busy["p95_ms"] / idle["p95_ms"] for busy, idle in pairs]
        console.print(
            f"{name}: p95 beside announcements against idle clients of the same turn: {median(ratios):.2f} times"
            f" (median; {min(ratios):.2f} to {max(ratios):.2f}); goal 1.20"
        )
