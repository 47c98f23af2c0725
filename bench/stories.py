"""Measure the story of a recharge and the search by each kind of reference over the scale data.

    python -m bench stories [--data-dir FOLDER] [--size 100k|1m|10m]

Each is asked over HTTP on a socket of this machine, of an API that runs beside it in this process, one request at a time, each time with
another recharge. The goals are for the 95th of 100. With `--data-dir` the servers' data stays for the next run. A missed goal is no
failure: exit status 0.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import uvicorn
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

import scale
from bench import filled
from bench.combinations import Query, Values
from bench.lists import Asker
from gencharge.api.main import create_app
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.sessions.gate import Gate

GOAL_STORY_MS, GOAL_SEARCH_MS = 30.0, 100.0
_ASKED: Final = 200
# Recharges from all over the table, not the newest ones, which lie together.
_SAMPLE: Final = text("""
    SELECT user_id, id, phone_number, payment_id, caller_reference FROM recharges TABLESAMPLE SYSTEM (5) WHERE user_id IS NOT NULL
    ORDER BY random() LIMIT :asked
""")
_REFERENCES: Final = text("SELECT reference FROM operator_references TABLESAMPLE SYSTEM (20) LIMIT :asked")
_ORDERS: Final = text("SELECT order_id FROM payment_orders TABLESAMPLE SYSTEM (20) LIMIT :asked")
_OUTSIDE: Final = text("""
    SELECT operator_reference FROM operator_attempts TABLESAMPLE SYSTEM (20)
    WHERE user_id IS NOT NULL AND operator_reference IS NOT NULL LIMIT :asked
""")
_BANKS: Final = text("""
    SELECT bank_reference FROM payments TABLESAMPLE SYSTEM (20)
    WHERE user_id IS NOT NULL AND bank_reference IS NOT NULL LIMIT :asked
""")
_RECEIPTS: Final = text("""
    SELECT number FROM receipts TABLESAMPLE SYSTEM (20) WHERE user_id IS NOT NULL LIMIT :asked
""")

_KINDS: Final = {
    "our reference at the operator": _REFERENCES,
    "operator's reference": _OUTSIDE,
    "order": _ORDERS,
    "bank's reference (UTR)": _BANKS,
    "receipt number": _RECEIPTS,
}


async def _sample(settings: Settings) -> tuple[list[str], dict[str, list[str]]]:
    """The paths of stories, and what is searched for, by kind."""
    stores = Stores.open(settings)
    try:
        async with stores.database.transaction() as db:
            rows = (await db.execute(_SAMPLE, {"asked": _ASKED})).all()
            kinds = {
                kind: [str(one) for one in await db.scalars(statement, {"asked": _ASKED})]
                for kind, statement in _KINDS.items()
            }
    finally:
        await stores.close()
    kinds |= {
        "recharge": [str(row.id) for row in rows],
        "phone number": [row.phone_number for row in rows],
        "payment": [str(row.payment_id) for row in rows if row.payment_id is not None],
        "caller's reference": [row.caller_reference for row in rows if row.caller_reference],
        "nothing": [f"no-such-{row.id}" for row in rows],
    }
    stories = [f"/v1/recharge/admin/{row.user_id}/{row.id}/story" for row in rows]
    return stories, {kind: words for kind, words in kinds.items() if words}


async def _times(asker: Asker, asked: Sequence[tuple[str, Query]]) -> list[float]:
    await asker.get(*asked[0])
    times = []
    for path, query in asked:
        answer, milliseconds = await asker.get(path, query)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} {query}: {answer.status_code} {answer.text}")
        times.append(milliseconds)
    return times


async def _measure(settings: Settings) -> dict[str, tuple[float, list[float]]]:
    stories, kinds = await _sample(settings)
    app = create_app(settings)
    async with _served(app) as base, httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as client:
        while not Gate.of(app).grants:
            await asyncio.sleep(0.05)
        asker = Asker(app, client, Values({}))
        measured = {"story": (GOAL_STORY_MS, await _times(asker, [(path, {}) for path in stories]))}
        for kind, words in kinds.items():
            asked: list[tuple[str, Query]] = [("/v1/search", {"q": word}) for word in words]
            measured[f"search by {kind}"] = (GOAL_SEARCH_MS, await _times(asker, asked))
    return measured


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[str]:
    """The address of the application on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if running.done():
                raise RuntimeError("the API did not start")
            await asyncio.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


def _at(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main(words: Sequence[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        prog="bench stories", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="the servers' folder, kept for the next run")
    parser.add_argument("--size", choices=scale.NAMED, default="1m")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 110
    with filled.database(options.data_dir, scale.Size.named(options.size), console) as settings:
        table = Table(title="The story of a recharge, and search", title_justify="left")
        table.add_column("asked for")
        for heading in ("times", "p50 ms", "p95 ms", "goal p95 ms"):
            table.add_column(heading, justify="right")
        for name, (goal, times) in asyncio.run(_measure(settings)).items():
            table.add_row(
                name, str(len(times)), f"{_at(times, 0.5):.1f}", f"{_at(times, 0.95):.1f}", f"{goal:.0f}"
            )
        console.print(table)
