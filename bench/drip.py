"""`python -m bench drip`: what clients that send a byte a second cost the others.

`gencharge serve` answers `GET /v1/wallet` at a constant rate, without and with two thousand connections that drip
a request's head, in turn. They come from a hundred addresses of the loopback network, and each that is closed is opened
again. All processes share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from bench import load
from bench.servers import free_port
from bench.world import PRODUCT, World, world

_ROOT: Final = Path(__file__).parent.parent
_PATH: Final = "/v1/wallet"
_HEAD: Final = b"GET /v1/plans HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Drip: "
_ADDRESSES: Final = 100


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    options = _options(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    results: dict[str, list[dict[str, float]]] = {"alone": [], "dripping": []}
    with world() as bench_world, serving(bench_world) as (port, server):
        requests = load.write(
            bench_world.folder / "drip", [load.get(_PATH, token) for token in bench_world.tokens()]
        )
        pace(port, requests, options.rate, 2)  # warm-up
        for _ in range(options.rounds):
            results["alone"].append(pace(port, requests, options.rate, options.seconds) | _memory(server))
            with _dripping(port, options.connections):
                seen = pace(port, requests, options.rate, options.seconds)
                held = sum(
                    one.laddr.port == port for one in server.net_connections() if one.status == "ESTABLISHED"
                )
                results["dripping"].append(seen | _memory(server) | {"connections": held})
    _show(console, results, options)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench drip", description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="requests per second")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=2_000)
    return parser.parse_args(words)


@contextmanager
def serving(bench_world: World, *, workers: int = 1, **settings: str) -> Iterator[tuple[int, psutil.Process]]:
    """`gencharge serve`: its port and its first process."""
    port = free_port()
    environment = (
        bench_world.environment(PRODUCT) | {"MAX_CONNECTIONS": "4000", "ACCESS_LOG": "false"} | settings
    )
    words = [sys.executable, "-m", "gencharge", "serve", "--port", str(port), "--workers", str(workers)]
    with (bench_world.folder / "serve.log").open("ab") as output:
        process = subprocess.Popen(
            words, cwd=bench_world.folder, env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((bench_world.folder / "serve.log").read_text()[-4000:])
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False).status_code == 200
    return False


def pace(port: int, file: Path, rate: float, seconds: float) -> dict[str, float]:
    """What requests at this rate took: `p50_ms`, `p95_ms`, `p99_ms`, `errors`."""
    words = [sys.executable, "-m", "bench.pace", str(port), str(file), uuid4().hex, str(rate), str(seconds)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=_ROOT)
    seen: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seen


def _memory(server: psutil.Process) -> dict[str, float]:
    return {"rss_mb": server.memory_info().rss / 1e6}


@contextmanager
def _dripping(port: int, connections: int) -> Iterator[None]:
    words = [sys.executable, "-m", "bench.drip", str(port), str(connections)]
    process = subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # all have connected
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def _drip(port: int, connections: int) -> None:
    """Keep so many connections open, a byte a second on each."""
    connected = asyncio.Semaphore(0)

    async def one(number: int) -> None:
        while True:
            with suppress(OSError):
                source = (f"127.0.0.{2 + number % _ADDRESSES}", 0)
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source)
                connected.release()
                writer.write(_HEAD)
                while not reader.at_eof() and not writer.is_closing():
                    await asyncio.sleep(1)
                    writer.write(b"x")
                writer.close()
            await asyncio.sleep(random.random())

    tasks = []
    for number in range(connections):
        tasks.append(asyncio.create_task(one(number)))
        if number % 50 == 0:
            await asyncio.sleep(0.05)
    for _ in range(connections):
        await connected.acquire()
    print("connected", flush=True)
    await asyncio.gather(*tasks)


def _show(console: Console, results: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> None:
    table = Table("row", "p50 ms", "p95 ms", "p99 ms", "errors", "memory MB", "connections")
    for name, rounds in results.items():
        medians = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
        table.add_row(
            name,
            *(f"{medians[key]:.2f}" for key in ("p50_ms", "p95_ms", "p99_ms")),
            f"{sum(each['errors'] for each in rounds):.0f}",
            f"{medians['rss_mb']:.0f}",
            f"{medians.get('connections', 0):.0f}",
        )
    console.print(
        f"GET {_PATH}, {options.rate:g}/s for {options.seconds:g} s, {options.rounds} rounds in turn, medians;"
        f" {options.connections} connections that drip"
    )
    console.print(table)


if __name__ == "__main__":
    asyncio.run(_drip(int(sys.argv[1]), int(sys.argv[2])))
