"""Measure the messages to integrators: one worker, one endpoint that answers after 20 ms, so many messages that are due.

    python -m bench integrators [--messages N] [--answer-ms N] [--profile FILE] [--output FILE]

The rate is what arrived between the first message and the last. The receiver, PostgreSQL and the worker share the machine. At
the end every message must have arrived and be recorded as delivered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import psutil
from rich.console import Console

from bench import servers
from bench.world import PRODUCT, World, world
from gencharge.core.postgres.database import Database
from gencharge.core.values.ids import new_id
from gencharge.core.vault import columns
from gencharge.core.vault.vault import Vault
from gencharge.webhooks import signing

GOAL: Final = 200
_PATIENCE_SECONDS: Final = 300
_BODY: Final = json.dumps(
    {
        "type": "recharge.delivered",
        "timestamp": "2026-11-21T10:00:00Z",
        "data": {"recharge_id": str(new_id()), "phone_number": "+919000001001", "amount": 299.00},
    }
)


def main(words: Sequence[str]) -> None:
    """Run the benchmark."""
    options = _options(words)
    console = Console()
    with world() as bench_world:
        seen = asyncio.run(_measure(bench_world, options))
    verdict = "reached" if seen["per_second"] >= GOAL and not seen["missing"] else "MISSED"
    console.print(
        f"{options.messages} messages to one endpoint that answers in {options.answer_ms:g} ms, one worker:"
        f" {seen['per_second']:.0f}/s, {seen['worker_ms']:.2f} ms of CPU of the worker for each; {seen['connections']:.0f}"
        f" connections, {seen['missing']:.0f} missing; goal {GOAL}/s: {verdict}"
    )
    if options.output:
        options.output.write_text(json.dumps(seen, indent=2) + "\n", encoding="utf-8")


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench integrators", description=__doc__)
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--answer-ms", type=float, default=20, help="how long the receiver takes to answer")
    parser.add_argument("--profile", type=Path, help="write where the worker's time goes to this file")
    parser.add_argument("--output", type=Path, help="write everything to this file, as JSON")
    return parser.parse_args(words)


class Receiver:
    """Answers each message after a while, over connections that may be used again, and remembers when it came."""

    def __init__(self, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self.arrived: dict[str, float] = {}
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
                await reader.readexactly(int(fields["content-length"]))
                self.arrived[fields["webhook-id"]] = time.perf_counter()
                await asyncio.sleep(self._answer_seconds)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()


async def _measure(bench_world: World, options: argparse.Namespace) -> dict[str, float]:
    receiver = Receiver(options.answer_ms / 1000)
    async with _listening(receiver) as port:
        endpoint = await _fill(bench_world, f"http://127.0.0.1:{port}/hooks", options.messages)
        environment = bench_world.environment(PRODUCT)
        program = ["-m", "cProfile", "-o", str(options.profile.resolve())] if options.profile else []
        with servers.worker(bench_world.folder, environment, program) as pid:
            worker = psutil.Process(pid)
            await _until(receiver, 1)
            used = sum(worker.cpu_times()[:2])
            await _until(receiver, options.messages)
            worker_seconds = sum(worker.cpu_times()[:2]) - used
            missing = await _missing(bench_world, endpoint)
    took = max(receiver.arrived.values()) - min(receiver.arrived.values())
    return {
        "messages": options.messages,
        "per_second": len(receiver.arrived) / took,
        "worker_ms": 1000 * worker_seconds / len(receiver.arrived),
        "connections": receiver.connections,
        "missing": missing,
    }


@asynccontextmanager
async def _listening(receiver: Receiver) -> AsyncIterator[int]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, backlog=256)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def _until(receiver: Receiver, count: int) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while len(receiver.arrived) < count:
            await asyncio.sleep(0.01)


async def _fill(bench_world: World, url: str, count: int) -> UUID:
    """An endpoint, and messages for it that are due."""
    settings = bench_world.settings[PRODUCT]
    endpoint, now = new_id(), datetime.now(UTC)
    database = Database(settings)
    vault = Vault.of_database(database)
    connection = await asyncpg.connect(settings.postgres_url)
    await connection.execute(
        "INSERT INTO webhook_endpoints (endpoint_id, url, events, secret) VALUES ($1, $2, $3, $4)",
        endpoint,
        url,
        ["*"],
        (
            await vault.seal_at(columns.place("webhook_endpoints.secret", (endpoint,)), signing.new_secret())
        ).encode(),
    )
    names = ("endpoint_id", "delivery_id", "event_id", "type", "body", "next_attempt_at", "expires_at")
    expires_at = now + timedelta(days=1)
    rows = []
    for _ in range(count):
        delivery = new_id()
        body = await vault.seal_at(columns.place("webhook_deliveries.body", (endpoint, delivery)), _BODY)
        rows.append((endpoint, delivery, new_id(), "recharge.delivered", body, now, expires_at, now))
    await connection.copy_records_to_table("webhook_deliveries", records=rows, columns=[*names, "created_at"])
    await connection.execute("VACUUM ANALYZE webhook_deliveries")
    await connection.close()
    await database.close()
    return endpoint


async def _missing(bench_world: World, endpoint: UUID) -> int:
    """How many messages are not recorded as delivered, at most a moment after the last one arrived."""
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    query = "SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1 AND status <> 'delivered'"
    deadline = time.monotonic() + 5
    while (missing := int(await connection.fetchval(query, endpoint))) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    await connection.close()
    return missing


if __name__ == "__main__":
    main(sys.argv[1:])
