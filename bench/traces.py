"""`python -m bench traces`: what tracing costs a request, by the share of requests that is traced.

One process without tracing and one for each share, side by side, on the same stores. They are measured in turn, and each
round is compared with the round without tracing next to it, by the CPU time of the server process: the exporter's thread is
part of that. The collector is a thread of this process that reads and forgets.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench import load
from bench.rows import Row, all_rows, run_round
from bench.servers import Server
from bench.world import PRODUCT, World, world

_ROWS: Final = ("guard", "plans", "wallet", "subscribe")
_OFF: Final = "off"
_SHARES: Final = {"0 %": "0", "10 %": "0.1", "100 %": "1"}
_CONNECTIONS: Final = 16


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    options = _options(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    with world() as bench_world, _collector() as endpoint, ExitStack() as stack:
        rows = [row for row in all_rows(bench_world) if row.name in options.only]
        servers = {
            name: stack.enter_context(_server(name, bench_world, environment))
            for name, environment in _environments(endpoint).items()
        }
        costs = _measure(rows, servers, bench_world, options)
        memory = {name: server.rss_mb for name, server in servers.items()}
    _show(console, costs, memory, options)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench traces", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2, help="of a round; wrk takes whole seconds")
    parser.add_argument("--only", action="append", choices=_ROWS, help="measure this row; may be repeated")
    options = parser.parse_args(words)
    options.only = options.only or _ROWS
    return options


def _environments(endpoint: str) -> dict[str, dict[str, str]]:
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}
    return {_OFF: {}} | {name: traced | {"OTEL_TRACES_SAMPLER_ARG": share} for name, share in _SHARES.items()}


@contextmanager
def _server(name: str, bench_world: World, environment: dict[str, str]) -> Iterator[Server]:
    log_name = f"traces-{name.replace(' %', '')}"
    environment = bench_world.environment(PRODUCT) | environment
    with Server(log_name, "bench.product:create", bench_world.folder, environment) as server:
        yield server.wait_ready()


@contextmanager
def _collector() -> Iterator[str]:
    """A collector that takes all; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def _measure(
    rows: Sequence[Row], servers: dict[str, Server], bench_world: World, options: argparse.Namespace
) -> dict[str, dict[str, list[float]]]:
    """CPU µs a request of each round, by row and by server. The first turn warms up and does not count."""
    costs: dict[str, dict[str, list[float]]] = {row.name: {name: [] for name in servers} for row in rows}
    for turn in range(options.rounds + 1):
        for row in rows:
            # Every other turn the other way round: what comes first after another row is no one's lot.
            for name in list(servers) if turn % 2 else reversed(servers):
                done = run_round(
                    row, servers[name], bench_world, seconds=options.seconds, connections=_CONNECTIONS
                )
                if done.load.errors:
                    raise SystemExit(f"{row.name}, {name}: {done.load.errors} errors")
                if turn:
                    costs[row.name][name].append(done.cpu_microseconds)
    return costs


def _show(
    console: Console,
    costs: dict[str, dict[str, list[float]]],
    memory: dict[str, float],
    options: argparse.Namespace,
) -> None:
    console.print(
        f"{options.rounds} x {options.seconds:g} s, {_CONNECTIONS} connections, {load.generator_name()}; CPU µs a request,"
        " median, and the median ratio to the round without tracing"
    )
    table = Table("row", *(name if name == _OFF else f"{name} traced" for name in memory))
    for row, by_server in costs.items():
        cells = [f"{median(by_server[_OFF]):.0f}"]
        for name in _SHARES:
            ratios = [cost / off for cost, off in zip(by_server[name], by_server[_OFF], strict=True)]
            cells.append(f"{median(by_server[name]):.0f} ({median(ratios):.2f})")
        table.add_row(row, *cells)
    table.add_row("RSS MB", *(f"{megabytes:.0f}" for megabytes in memory.values()))
    console.print(table)
