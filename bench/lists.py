"""Measure every list of the staff over the scale data: every filter, every pair, many of three and more, deep pages.

    python -m bench lists [--data-dir FOLDER] [--size SIZE | --users N --transactions N] [--only PATH] [--output FILE]

With `--data-dir` the servers' data stays for the next run. Each list is asked over the application's own HTTP layer, in
this process, one request at a time. A missed goal is no failure: exit status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import event, text

import scale
from bench import filled
from bench.combinations import Query, Values, queries_of, shown, values_of
from bench.discovery import StaffList, staff_lists
from gencharge import wiring
from gencharge.api.main import create_app
from gencharge.core.rooms import checks
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.sessions.gate import Gate
from gencharge.sessions.tokens import Keyring, Principal

GOAL_MS = 100.0
# So many pages after the first one are asked for, by following cursors; of lists without a filter, so many.
FOLLOWED, FOLLOWED_ALL = 2, 100
_WORST, _AGAIN = 3, 5


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `page` 0 is the first."""

    query: Query
    page: int
    milliseconds: float
    items: int


@dataclass(slots=True)
class Measured:
    """A list and all that it was asked for."""

    one: StaffList
    asked: list[Asked] = field(default_factory=list)
    refused: int = 0
    # Of the slowest requests: how long they take asked again (the median), and the query plan if that is slow, too.
    again: list[tuple[Asked, float]] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)

    def at(self, share: float) -> float:
        """The latency that this share of the requests stays below, in milliseconds."""
        sorted_ms = sorted(each.milliseconds for each in self.asked)
        return sorted_ms[min(len(sorted_ms) - 1, int(len(sorted_ms) * share))]

    @property
    def worst(self) -> list[Asked]:
        """The slowest request of each of the slowest queries."""
        by_query: dict[str, Asked] = {}
        for each in sorted(self.asked, key=lambda each: each.milliseconds):
            by_query[shown(each.query)] = each
        return sorted(by_query.values(), key=lambda each: -each.milliseconds)[:_WORST]


class Asker:
    """An admin who may see everything, and asks for pages."""

    def __init__(
        self, app: FastAPI, client: httpx.AsyncClient, values: Values, scope: tuple[str, ...] = ()
    ) -> None:
        self.app, self.client, self.values, self.scope = app, client, values, scope
        self._keys = Keyring(app.state.settings)
        self._admin_id = new_id()

    def headers(self) -> dict[str, str]:
        now = int(clock.now().timestamp())
        about = {"role": "SuperAdmin", "operator_scope": self.scope, "second_factor_at": now}
        token = self._keys.sign(Principal(self._admin_id, "admin", new_id(), **about))
        return {"Authorization": f"Bearer {token}"}

    def _where(self, one: StaffList) -> tuple[str, Query]:
        known = {name: pool[0] for name, pool in self.values.of_name.items()}
        return one.path.format(**known), {name: known[name] for name in one.required}

    async def get(self, path: str, query: Query) -> tuple[httpx.Response, float]:
        """The answer, and how long it took in milliseconds."""
        headers = self.headers()
        began = time.perf_counter()
        answer = await self.client.get(path, params=query, headers=headers)
        return answer, (time.perf_counter() - began) * 1000

    async def ask(self, measured: Measured, query: Query, *, follow: int) -> None:
        """A list's first page, and so many more after it."""
        path, required = self._where(measured.one)
        cursor: Query = {}
        for page in range(1 + follow):
            answer, milliseconds = await self.get(path, required | query | cursor)
            if answer.status_code in {404, 422} and page == 0 and query.keys() - {"sort", "limit"}:
                measured.refused += 1
                return
            if answer.status_code != 200:
                raise RuntimeError(f"{path} {query}: {answer.status_code} {answer.text}")
            body = answer.json()
            measured.asked.append(Asked(query | cursor, page, milliseconds, len(body["items"])))
            if body["next_cursor"] is None:
                return
            cursor = {"cursor": body["next_cursor"]}

    async def explain(self, measured: Measured, worst: Asked) -> str:
        """The slowest statement of a request, as PostgreSQL runs it."""
        stores: Stores = self.app.state.stores
        heard: list[tuple[float, str, Any]] = []
        engine = stores.database.engine.sync_engine

        def before(connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any) -> None:
            heard.append((time.perf_counter(), statement, parameters))

        event.listen(engine, "before_cursor_execute", before)
        path, required = self._where(measured.one)
        await self.get(path, required | worst.query)
        event.remove(engine, "before_cursor_execute", before)
        ends = [began for began, _, _ in heard[1:]] + [time.perf_counter()]
        spent = [end - began for (began, _, _), end in zip(heard, ends, strict=True)]
        if not heard:
            return "no SQL"
        reading = [number for number, (_, what, _) in enumerate(heard) if not what.startswith("SET")]
        slowest = max(reading, key=spent.__getitem__)
        async with stores.database.engine.connect() as connection:
            # What a list sets for its own transaction holds for the explanation, too.
            for _, statement, parameters in heard[:slowest]:
                if statement.startswith("SET LOCAL"):
                    await connection.exec_driver_sql(statement, parameters)
            _, statement, parameters = heard[slowest]
            rows = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", parameters)
            return "\n".join(row[0] for row in rows)


async def measure(asker: Asker, one: StaffList, *, at_random: int, only_singles: bool = False) -> Measured:
    """Everything about one list."""
    measured = Measured(one)
    queries = list(queries_of(one, asker.values, chance=random.Random(1), at_random=at_random))
    if only_singles:
        queries = [query for query in queries if len(query.keys() - {"sort"}) < 2]
    columns = (TextColumn("{task.description:40}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(one.path, total=len(queries))
        # Connections, compiled statements and caches are there before anything counts.
        await asker.ask(Measured(one), {}, follow=1)
        for query in queries:
            alone = not query.keys() - {"sort"}
            await asker.ask(
                measured,
                query | ({"limit": "100"} if alone else {}),
                follow=FOLLOWED_ALL if alone else FOLLOWED,
            )
            bar.advance(task)
    Console(stderr=True).print(
        f"{one.path}: {len(measured.asked):,} requests, p95 {measured.at(0.95):.1f} ms, max {measured.at(1):.1f} ms"
    )
    for worst in measured.worst:
        again = Measured(one)
        for _ in range(_AGAIN):
            await asker.ask(again, worst.query, follow=0)
        measured.again.append((worst, again.at(0.5)))
        if again.at(0.5) > GOAL_MS:
            measured.plans.append(await asker.explain(measured, worst))
    return measured


def _parts_of(path: str) -> set[str]:
    """The names in the braces of a path."""
    return {name for _, name, _, _ in Formatter().parse(path) if name}


async def _measure_all(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    app = create_app(settings)
    connection = await asyncpg.connect(settings.postgres_url)
    values = await values_of(connection)
    await connection.close()
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
    ):
        while not Gate.of(app).grants:
            await asyncio.sleep(0.05)
        lists = [one for one in staff_lists(app) if not options.only or one.path in options.only]
        for one in [one for one in lists if not _parts_of(one.path) <= values.of_name.keys()]:
            # A list of one thing's parts, of which the scale data has none.
            Console(stderr=True).print(f"{one.path}: left out, the scale data has nothing for its address")
            lists.remove(one)
        asker, limited = Asker(app, client, values), Asker(app, client, values, scope=("VI",))
        measured = [await measure(asker, one, at_random=options.random) for one in lists]
        scoped = [await measure(limited, one, at_random=0, only_singles=True) for one in lists if one.scoped]
        beside = await _beside(asker)
    return {"lists": measured, "scoped": scoped, "beside": beside}


async def _beside(asker: Asker) -> dict[str, float]:
    """Other things that the staff look at, for information, in milliseconds; and the ledger's check, in seconds."""
    stores: Stores = asker.app.state.stores
    whale = asker.values.of_name["user_id"][0]
    numbers = {}
    for path in (f"/v1/users/{whale}", f"/v1/wallet/admin/users/{whale}/balance"):
        times = []
        for _ in range(20):
            answer, milliseconds = await asker.get(path, {})
            if answer.status_code == 200:
                times.append(milliseconds)
        if times:
            numbers[f"{path.replace(whale, '{user_id}')}, busiest customer (ms)"] = sorted(times)[
                len(times) // 2
            ]
    began = time.perf_counter()
    report = await checks.run(stores.database, wiring.CHECKS)
    if not report.ok:
        raise RuntimeError("\n".join(report.lines))
    numbers["gencharge ledger verify (s)"] = time.perf_counter() - began
    async with stores.database.transaction() as db:
        size = await db.scalar(text("SELECT pg_database_size(current_database())"))
    numbers["size of the database (GB)"] = float(size or 0) / 1e9
    return numbers


def _table(title: str, rows: Sequence[Measured]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("list")
    for heading in ("requests", "p50 ms", "p95 ms", "max ms", "over 100 ms", ""):
        table.add_column(heading, justify="right")
    for each in rows:
        slow = sum(one.milliseconds > GOAL_MS for one in each.asked)
        verdict = "[green]reached[/green]" if each.at(0.95) < GOAL_MS else "[red]MISSED[/red]"
        numbers = (f"{each.at(0.5):.1f}", f"{each.at(0.95):.1f}", f"{each.at(1):.1f}")
        table.add_row(each.one.path, f"{len(each.asked):,}", *numbers, str(slow), verdict)
    return table


def _show(console: Console, results: dict[str, Any]) -> None:
    console.print(_table("Lists, p95 to be under 100 ms", results["lists"]))
    console.print(_table("The same for an admin of one operator, each filter alone", results["scoped"]))
    for each in (*results["lists"], *results["scoped"]):
        for worst, again in each.again:
            times = f"{worst.milliseconds:.0f} ms, asked again {again:.0f} ms"
            console.print(f"{each.one.path}: {times}, {worst.items} items, {shown(worst.query)[:150]}")
        for plan in each.plans:
            console.print(plan, markup=False, highlight=False)
    for what, number in results["beside"].items():
        console.print(f"{what}: {number:.1f}")


def main(words: Sequence[str]) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        prog="bench lists", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="the servers' folder, kept for the next run")
    parser.add_argument("--size", choices=scale.NAMED, help="so many recharges, in place of the next two")
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument(
        "--random", type=int, default=300, help="combinations of three and more filters of each list"
    )
    parser.add_argument("--only", action="append", metavar="PATH", help="measure this list; may be repeated")
    parser.add_argument("--output", type=Path, help="write every request to this file, as JSON")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    size = scale.Size.named(options.size) if options.size else scale.Size(options.users, options.transactions)
    with filled.database(options.data_dir, size, console) as settings:
        results = asyncio.run(_measure_all(settings, options))
    _show(console, results)
    if options.output:
        rows = {
            each.one.path: [[shown(a.query), a.page, round(a.milliseconds, 2), a.items] for a in each.asked]
            for each in results["lists"]
        }
        options.output.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
