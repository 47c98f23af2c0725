"""`python -m bench steady`: recharges over an operator's API at a constant rate, together with the worker and the sandbox.

Once with an operator that answers at once, once with one that takes three seconds: the operator's call is not in the
request, so the answers must not differ. All processes, the load and PostgreSQL share the machine, on which the worker and
the sandbox give way to the API by themselves (`os.nice`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

from bench import load, servers
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.world import PRODUCT, World, world

CHANNEL: Final = "bench-airtel"
_GOAL_MS: Final = 50
_ROOT: Final = Path(__file__).parent.parent


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    options = _options(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    results: dict[str, dict[str, float]] = {}
    with world() as bench_world:
        port = _free_port()
        outside = f"http://127.0.0.1:{port}"
        environment = bench_world.environment(PRODUCT) | {
            "SANDBOX_PORT": str(port),
            "PAYMENT_GATEWAY_URL": outside,
        }
        asyncio.run(_open_channel(bench_world, outside))
        with (
            _sandbox(bench_world.folder, environment, outside),
            Server("api", "gencharge.api.main:create_app", bench_world.folder, environment) as server,
            servers.worker(bench_world.folder, environment),
        ):
            server.wait_ready()
            _aim(outside, server.port)
            recharges = load.write(
                bench_world.folder / "steady", bench_world.subscriptions(SUBSCRIBE, bench_world.addon())
            )
            pace(server, recharges, options.rate, 2)  # warm-up
            results["subscribe"] = pace(server, recharges, options.rate, options.seconds)
            _slow_down(outside)
            results["subscribe-slow"] = pace(server, recharges, options.rate, options.seconds)
    _show(console, results, options)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench steady", description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="requests per second")
    parser.add_argument("--seconds", type=float, default=20)
    return parser.parse_args(words)


def pace(server: Server, file: Path, rate: float, seconds: float) -> dict[str, float]:
    """What `bench.pace` says of the requests of a file, sent to a server at a constant rate."""
    words = [
        sys.executable,
        "-m",
        "bench.pace",
        str(server.port),
        str(file),
        uuid4().hex,
        str(rate),
        str(seconds),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=_ROOT)
    seen: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seen


async def _open_channel(bench_world: World, outside: str) -> None:
    """The customers' operator is reached over the sandbox, and everything goes through one channel."""
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    await connection.execute("UPDATE operators SET channel = 'api' WHERE code = 'AIRTEL'")
    await connection.execute(
        "INSERT INTO operator_channels (code, operator, name, url) VALUES ($1, 'AIRTEL', $1, $2)",
        CHANNEL,
        f"{outside}/operators/{CHANNEL}",
    )
    await connection.close()


@contextmanager
def _sandbox(folder: Path, environment: dict[str, str], outside: str) -> Iterator[None]:
    words = [sys.executable, "-m", "gencharge", "sandbox"]
    with (folder / "sandbox.log").open("ab") as output:
        process = subprocess.Popen(words, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        for _ in range(200):
            try:
                httpx.get(f"{outside}/sandbox/state", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _aim(outside: str, port: int) -> None:
    """Callbacks go to the server that is measured, and count there, too."""
    targets = {"callback_url": f"http://127.0.0.1:{port}/v1/recharge/callbacks/{{channel}}"}
    httpx.put(f"{outside}/sandbox/targets", json=targets, trust_env=False).raise_for_status()


def _slow_down(outside: str) -> None:
    script = {"target": CHANNEL, "operation": "submit", "script": "slow", "seconds": 3}
    httpx.put(f"{outside}/sandbox/scripts", json=script, trust_env=False).raise_for_status()


def _show(console: Console, results: dict[str, dict[str, float]], options: argparse.Namespace) -> None:
    titles = {
        "subscribe": f"POST {SUBSCRIBE}, operator over its API",
        "subscribe-slow": "the same, the operator takes 3 s",
    }
    table = Table("row", "requests", "p50 ms", "p95 ms", "p99 ms", "longest ms", "errors", "p95 goal")
    for name, seen in results.items():
        times = [f"{seen[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms", "longest_ms")]
        table.add_row(
            titles[name], f"{seen['requests']:.0f}", *times, f"{seen['errors']:.0f}", f"< {_GOAL_MS}"
        )
    console.print(f"{options.rate:g} requests/s for {options.seconds:g} s each, at a constant rate")
    console.print(table)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
