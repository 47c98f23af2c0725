"""Measure what a size costs: making the scale data, checking all books, and the answers of analytics.

    python -m bench size [--data-dir FOLDER] [--size 100k|1m|10m] [--no-checks]

With `--data-dir` the servers' data stays for the next run. Each answer is asked for over the application's own HTTP layer, in this
process, one request at a time: *cold* with a query that was not asked before, and then with the `ETag` of the answer. A missed goal
is no failure: exit status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

import scale
from bench import filled
from bench.combinations import Values
from bench.lists import Asker
from gencharge import wiring
from gencharge.analytics import jobs
from gencharge.analytics import service as analytics
from gencharge.api.main import create_app
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.sessions.gate import Gate

GOAL_COLD_MS, GOAL_TAGGED_MS = 150.0, 10.0
_ASKED: Final = 40
_LENGTHS: Final = (1, 7, 30, 90, 365, 700)
# Of all charts, which are drawn in one way.
_CHARTS: Final = ("/v1/analytics/transactions/chart.svg", "/v1/analytics/transactions/chart.png")
# A stream; and what customers ask for.
_OTHERS: Final = ("/live", "/me")


def paths(app: FastAPI) -> list[str]:
    """The answers of analytics that need no parameter, and two charts."""
    answers = sorted(
        route.path
        for route in app.routes
        if isinstance(route, APIRoute)
        and route.path.startswith("/v1/analytics/")
        and "GET" in route.methods
        and "{" not in route.path
        and not route.path.endswith(_OTHERS)
    )
    return [*answers, *_CHARTS]


def queries(today: date) -> Iterator[dict[str, str]]:
    """Days of several lengths, each time others."""
    for number in range(_ASKED):
        length = _LENGTHS[number % len(_LENGTHS)]
        last = today - timedelta(days=number % 11)
        yield {"from": (last - timedelta(days=length - 1)).isoformat(), "to": last.isoformat()}


async def _ask(asker: Asker, path: str, query: dict[str, str]) -> tuple[float, float | None]:
    """Milliseconds of the answer, and of the one to its ETag (None: it has none)."""
    answer, cold = await asker.get(path, query)
    if answer.status_code == 422 and query:
        answer, cold = await asker.get(path, {})
    if answer.status_code != 200:
        raise RuntimeError(f"{path} {query}: {answer.status_code} {answer.text}")
    if "etag" not in answer.headers:
        return cold, None
    began = time.perf_counter()
    again = await asker.client.get(
        str(answer.request.url), headers=asker.headers() | {"If-None-Match": answer.headers["etag"]}
    )
    milliseconds = (time.perf_counter() - began) * 1000
    return cold, milliseconds if again.status_code == 304 else None


async def _answers(settings: Settings) -> dict[str, tuple[list[float], list[float]]]:
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    measured = {}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
    ):
        while not Gate.of(app).grants:
            await asyncio.sleep(0.05)
        asker = Asker(app, client, Values({}))
        for path in paths(app):
            pairs = [
                await _ask(asker, path, query) for query in queries(clock.now().astimezone(clock.IST).date())
            ]
            measured[path] = ([cold for cold, _ in pairs], [tag for _, tag in pairs if tag is not None])
    return measured


async def _count(settings: Settings, console: Console) -> None:
    """What is counted on a clock, as a worker does it: all areas from their beginning, the plans, and the customers."""
    stores = Stores.open(settings)
    try:
        for work in (jobs.count_areas, jobs.count_plans, jobs.count_customers):
            began = time.perf_counter()
            await work(stores)
            console.print(f"{work.__name__}: {time.perf_counter() - began:.1f} s")
    finally:
        await stores.close()


async def _verify(settings: Settings, console: Console) -> None:
    stores = Stores.open(settings)
    try:
        async with stores.database.transaction() as db:
            rows = await db.execute(
                text(
                    "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND reltuples > 50000 ORDER BY 2 DESC".replace(
                        "::", "\\:\\:"
                    )
                )
            )
            size = await db.scalar(text("SELECT pg_database_size(current_database())"))
            console.print(
                ", ".join(f"{name} {count:,}" for name, count in rows), f"({float(size or 0) / 1e9:.1f} GB)"
            )
        began = time.perf_counter()
        report = await checks.run(stores.database, wiring.CHECKS)
        verdict = "clean" if report.ok else "NOT CLEAN: " + "; ".join(report.lines)
        console.print(f"gencharge ledger verify: {time.perf_counter() - began:.0f} s, {verdict}")
        began = time.perf_counter()
        different = await analytics.find_differences(stores.database, lambda first, until: None)
        console.print(
            f"gencharge rollup verify: {time.perf_counter() - began:.0f} s, {len(different)} differences"
        )
    finally:
        await stores.close()


def _at(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def _show(console: Console, measured: dict[str, tuple[list[float], list[float]]]) -> None:
    table = Table(
        title=f"Answers of analytics, {_ASKED} of each; p95 to be under {GOAL_COLD_MS:.0f} ms, with the ETag {GOAL_TAGGED_MS:.0f} ms",
        title_justify="left",
    )
    table.add_column("answer")
    for heading in ("p50 ms", "p95 ms", "ETag p50 ms", "ETag p95 ms", ""):
        table.add_column(heading, justify="right")
    for path, (cold, tagged) in measured.items():
        reached = _at(cold, 0.95) < GOAL_COLD_MS and (not tagged or _at(tagged, 0.95) < GOAL_TAGGED_MS)
        tags = [f"{_at(tagged, share):.1f}" for share in (0.5, 0.95)] if tagged else ["-", "-"]
        verdict = "[green]reached[/green]" if reached else "[red]MISSED[/red]"
        table.add_row(path, f"{_at(cold, 0.5):.1f}", f"{_at(cold, 0.95):.1f}", *tags, verdict)
    console.print(table)


def main(words: Sequence[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        prog="bench size", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="the servers' folder, kept for the next run")
    parser.add_argument("--size", choices=scale.NAMED, default="1m")
    parser.add_argument("--no-checks", action="store_true", help="only the answers")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    with filled.database(options.data_dir, scale.Size.named(options.size), console) as settings:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        console.print(f"Memory of this process at its peak: {peak:.0f} MB")
        if not options.no_checks:
            asyncio.run(_verify(settings, console))
        asyncio.run(_count(settings, console))
        _show(console, asyncio.run(_answers(settings)))
