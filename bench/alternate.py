"""One row of two checkouts in turn, in short slices: what disturbs the machine disturbs both alike.

    python -m bench alternate /path/to/earlier/checkout [--row subscribe] [--slices 40] [--seconds 1.5]

Both checkouts (each with its `make setup` done) have their own stores and servers, up during the whole run. The two
sides take turns, and the side that goes first changes with each turn. Prints, for each row, the medians of both sides
and the median of the turns' ratios with the middle half of them, for requests a second, the API's CPU and
PostgreSQL's CPU a request.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import load

# Runs in a checkout, by its own Python: holds a prepared world, and makes the next requests of a row when asked.
# It uses only what the benchmark of both checkouts has.
_HOLD: Final = """
import json, sys
from pathlib import Path
from bench import load, rows
from bench.world import world

with world() as prepared:
    known = {row.name: row for row in rows.all_rows(prepared)}
    chosen = [known[name] for name in sys.argv[1:]]
    servers = rows.start_servers(prepared, {row.server for row in chosen})
    print(json.dumps({
        "servers": {row.name: [servers[row.server].port, servers[row.server]._process.pid] for row in chosen},
        "postgres": int(next(Path(prepared.folder).rglob("postmaster.pid")).read_text().split()[0]),
    }), flush=True)
    try:
        for line in sys.stdin:
            row = known[line.strip()]
            file = load.write(Path(prepared.folder) / f"{row.name}.requests", row.requests())
            if row.database is not None:
                prepared.empty_outbox(row.database)
            print(json.dumps(str(file)), flush=True)
    finally:
        for server in servers.values():
            server.stop()
"""
_WARM_UP_SLICES: Final = 3


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice of one side measured; CPU in microseconds a request."""

    per_second: float
    api: float
    postgres: float


class Side:
    """One checkout with its stores and servers."""

    def __init__(self, checkout: Path, rows: Sequence[str]) -> None:
        python = checkout / ".venv" / "bin" / "python"
        self._process = subprocess.Popen(
            [python, "-c", _HOLD, *rows],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._checkout = checkout

    def wait_ready(self) -> None:
        """Return when its servers are up."""
        started = self._read()
        self._servers = {
            name: (port, psutil.Process(pid)) for name, (port, pid) in started["servers"].items()
        }
        self._postmaster = psutil.Process(started["postgres"])

    def measure(self, row: str, *, seconds: float, connections: int) -> Slice:
        """One slice of load."""
        file = Path(self._ask(row))
        port, api = self._servers[row]
        before = cpu_of([api]), cpu_of(self._backends())
        seen = load.drive(port, file, seconds=seconds, connections=connections)
        if seen.errors:
            raise SystemExit(f"{row}: {seen.errors} of {seen.requests} requests failed")
        used = cpu_of([api]) - before[0], cpu_of(self._backends()) - before[1]
        api_each, postgres_each = (1e6 * one / seen.requests for one in used)
        return Slice(seen.per_second, api_each, postgres_each)

    def _backends(self) -> list[psutil.Process]:
        return [self._postmaster, *self._postmaster.children()]

    def _ask(self, row: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(row + "\n")
        self._process.stdin.flush()
        return str(self._read())

    def _read(self):  # type: ignore[no-untyped-def]  # one of the two shapes that _HOLD prints
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._checkout} stopped; does it have all of the rows?")
        return json.loads(line)

    def stop(self) -> None:
        """End its servers and stores."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


def cpu_of(processes: Sequence[psutil.Process]) -> float:
    """The CPU time that these processes have used so far, in seconds, without those that are gone."""
    used = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used


@contextmanager
def _sides(earlier: Path, rows: Sequence[str]) -> Iterator[list[Side]]:
    with ExitStack() as stack:
        sides = []
        for checkout in (earlier, Path(__file__).parent.parent):
            sides.append(Side(checkout, rows))
            stack.callback(sides[-1].stop)
        for side in sides:
            side.wait_ready()
        yield sides


def main(words: Sequence[str]) -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench alternate", description=__doc__)
    parser.add_argument("earlier", type=Path, help="the checkout to compare with")
    parser.add_argument("--row", action="append", dest="rows", help="which (default: subscribe)")
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args(words)
    rows = options.rows or ["subscribe"]
    console = Console()
    with _sides(options.earlier.resolve(), rows) as sides:
        for row in rows:
            turns = []
            for turn in track(range(options.slices + _WARM_UP_SLICES), row, console=console, transient=True):
                order = sides if turn % 2 else sides[::-1]
                done = {
                    id(side): side.measure(row, seconds=options.seconds, connections=options.connections)
                    for side in order
                }
                if turn >= _WARM_UP_SLICES:
                    turns.append((done[id(sides[0])], done[id(sides[1])]))
            _show(console, row, turns)


def _show(console: Console, row: str, turns: Sequence[tuple[Slice, Slice]]) -> None:
    table = Table(title=f"{row}, {len(turns)} turns, {time.strftime('%Y-%m-%d %H:%M')}")
    for column in ("", "earlier, median", "now, median", "ratio, median", "middle half of the ratios"):
        table.add_column(column, justify="left" if not column else "right")
    for title, of in (
        ("requests a second", lambda one: one.per_second),
        ("API, CPU µs", lambda one: one.api),
        ("PostgreSQL, CPU µs", lambda one: one.postgres),
    ):
        earlier, now = [of(pair[0]) for pair in turns], [of(pair[1]) for pair in turns]
        ratios = [b / a for a, b in zip(earlier, now, strict=True) if a]
        if not ratios:
            continue
        low, middle, high = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
        table.add_row(
            title,
            f"{median(earlier):.1f}",
            f"{median(now):.1f}",
            f"{middle:.3f}",
            f"{low:.3f} to {high:.3f}",
        )
    console.print(table)
