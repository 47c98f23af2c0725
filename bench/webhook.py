"""Measure the gateway's webhook: signed `payment.captured` events of as many open top-ups, at a fixed rate.

    python -m bench webhook [--rate N] [--seconds N] [--output FILE]

The requests leave on time whatever the answers do, so a slow answer is not hidden by the one behind it. Each is another
payment of another customer; every tenth comes twice. The ledger is checked at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console

from bench.servers import Server
from bench.world import PRODUCT, World, world
from gencharge.core.values.ids import new_id

PATH = "/v1/payments/webhooks/razorpay"
GOAL_MS = 20.0
PAISE = 10_000
CONNECTIONS = 32
WARM_UP = 200


def main(words: Sequence[str]) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="bench webhook", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="webhooks a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--output", type=Path, help="write everything to this file, as JSON")
    options = parser.parse_args(words)
    console = Console()
    with world() as bench_world:
        count = options.rate * options.seconds + WARM_UP
        orders = asyncio.run(_fill(bench_world, count))
        requests = [_request(bench_world, order) for order in orders]
        # Every tenth once more, right behind the first.
        again = [
            each
            for number, one in enumerate(requests)
            for each in ([one, one] if number % 10 == 0 else [one])
        ]
        again = again[:count]
        with Server(
            "webhook", "gencharge.api.main:create_app", bench_world.folder, bench_world.environment(PRODUCT)
        ) as server:
            server.wait_ready()
            asyncio.run(_send(server.port, again[:WARM_UP], options.rate))
            took, errors = asyncio.run(_send(server.port, again[WARM_UP:], options.rate))
        report = bench_world.check(PRODUCT)
    took.sort()
    shown = {f"p{share}_ms": round(_at(took, share / 100), 2) for share in (50, 95, 99)}
    verdict = "reached" if shown["p95_ms"] < GOAL_MS and not errors else "MISSED"
    console.print(
        f"{len(took)} webhooks at {options.rate}/s: p50 {shown['p50_ms']} ms, p95 {shown['p95_ms']} ms,"
        f" p99 {shown['p99_ms']} ms, {errors} errors; goal p95 < {GOAL_MS:g} ms: {verdict}"
    )
    console.print("the ledger is clean" if report.ok else "\n".join(report.lines))
    if options.output:
        document = {"rate": options.rate, "count": len(took), "errors": errors, "clean": report.ok, **shown}
        options.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _at(took: list[float], share: float) -> float:
    return 1000 * took[min(len(took) - 1, int(len(took) * share))]


async def _fill(bench_world: World, count: int) -> list[str]:
    """Customers with empty wallets, each with an open top-up; the orders' ids."""
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    people = [new_id() for _ in range(count)]
    orders = [f"order_bench{number:08d}" for number in range(count)]
    rows: dict[str, list[dict[str, Any]]] = {"users": [], "wallets": [], "payments": [], "payment_orders": []}
    for number, (user_id, order_id) in enumerate(zip(people, orders, strict=True)):
        payment_id = new_id()
        phone = f"+9197{number:08d}"
        rows["users"].append(
            {"user_id": user_id, "phone_number": phone, "referral_code": f"HOOK{number:05d}"}
        )
        rows["wallets"].append({"user_id": user_id})
        keys = {"user_id": user_id, "payment_id": payment_id, "gateway": "razorpay", "order_id": order_id}
        rows["payment_orders"].append(keys)
        about = {"purpose": "topup", "method": "upi", "source": "web", "status": "created", "amount": PAISE}
        rows["payments"].append(keys | about | {"idempotency_key": "bench", "request_hash": b""})
    for table, lines in rows.items():
        records = [tuple(line.values()) for line in lines]
        await connection.copy_records_to_table(table, records=records, columns=list(lines[0]))
    # Far from due, so that the books show every open payment as asked about.
    await connection.execute("UPDATE payments SET next_check_at = now() + interval '1 day'")
    await connection.execute(f"VACUUM ANALYZE {', '.join(rows)}")
    await connection.close()
    return orders


def _request(bench_world: World, order_id: str) -> bytes:
    entity = {
        "id": f"pay_{order_id}",
        "entity": "payment",
        "amount": PAISE,
        "currency": "INR",
        "status": "captured",
        "order_id": order_id,
        "method": "upi",
        "email": "customer@example.com",
        "contact": "+919000001001",
        "fee": 0,
        "tax": 0,
    }
    event = {"entity": "event", "event": "payment.captured", "contains": ["payment"]}
    body = json.dumps({**event, "payload": {"payment": {"entity": entity}}}).encode()
    secret = bench_world.settings[PRODUCT].payment_webhook_secret.get_secret_value()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Razorpay-Signature: {signature}\r\nX-Razorpay-Event-Id: evt_{order_id}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _send(port: int, requests: Sequence[bytes], rate: int) -> tuple[list[float], int]:
    """Send each at its own instant; the seconds from that instant to the answer, and how many were not 200."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    took: list[float] = []
    errors = 0

    async def one(request: bytes, due: float) -> None:
        nonlocal errors
        reader, writer = await free.get()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        took.append(time.perf_counter() - due)
        errors += not head.startswith(b"HTTP/1.1 200")
        free.put_nowait((reader, writer))

    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(requests):
            due = begin + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(request, due))
    while not free.empty():
        free.get_nowait()[1].close()
    return took, errors
