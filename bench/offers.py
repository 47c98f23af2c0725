"""`python -m bench offers`: what an offer costs a sale, and what a quote among 200 live offers costs.

Sales without an offer, with a discount and with a cashback take turns in short slices on one API process, and another kind goes first in
each turn: what disturbs the machine disturbs all three alike. The ratio is the median of those of the turns. Then 200 offers are live that need
no code and are for the plan, each with conditions and limits, and a new API process is asked for quotes; what counts there is its CPU time, and
that of PostgreSQL, for a whole request.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final
from uuid import UUID

import asyncpg
import httpx
import psutil
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench import load
from bench.alternate import Slice, cpu_of
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.world import CASHBACK, DISCOUNT, PRODUCT, World, world
from gencharge.recharge.choice_service import MAX_LISTED

PLAIN: Final = "no offer"
# What is measured, and the code that a sale of it names.
KINDS: Final[dict[str, str | None]] = {PLAIN: None, "discount": DISCOUNT, "cashback": CASHBACK}
GOAL_RATIO: Final = 0.8
GOAL_QUOTE_MS: Final = 5.0
OFFERS: Final = 200
_QUOTE: Final = "/v1/recharge/quote"
_WARM_UP_TURNS: Final = 2
_WARM_UP_QUOTES: Final = 200
_QUOTE_CONNECTIONS: Final = 2
_SECONDS_PER_MS: Final = 1e-3
# For each customer's plan, with all that a judge has to look at: conditions that hold, limits that are far away.
_ADD: Final = """
    WITH added AS (
        INSERT INTO offers (offer_id, offer_type_id, name, status, discount_basis_points, discount_cap_paise, total_uses,
                            uses_per_user, budget_paise, min_amount_paise, sources, operators, circles, payment_methods, weekdays)
        SELECT gen_random_uuid(), (SELECT offer_type_id FROM offer_types LIMIT 1), 'Live ' || number, 'active', 100 + number, 5000,
               1000000, 1000, 100000000, 100, '{web,app,api}', '{AIRTEL}', '{MH}', '{wallet,upi,card}',
               '{monday,tuesday,wednesday,thursday,friday,saturday,sunday}'
        FROM generate_series(1, $1) AS number RETURNING offer_id)
    INSERT INTO offer_versions (offer_id, version, snapshot) SELECT offer_id, 1, '{}' FROM added
"""

Turn = dict[str, Slice]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One kind of sales against those without an offer: the median of the turns, and their middle half."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, turns: Sequence[Turn], kind: str) -> Ratio:
        """By sales a second."""
        ratios = [turn[kind].per_second / turn[PLAIN].per_second for turn in turns]
        return cls(*quantiles(ratios, n=4)) if len(ratios) > 1 else cls(*ratios * 3)


@dataclass(frozen=True, slots=True)
class Quotes:
    """What a quote took, in milliseconds of CPU, and how many of the offers it showed."""

    api: float
    postgres: float
    p50_ms: float


class Machine:
    """An API process and the PostgreSQL behind it, with the CPU time that both use."""

    def __init__(self, bench_world: World, server: Server) -> None:
        self._folder = bench_world.folder
        self._server = server
        pid = int(next(Path(bench_world.folder).rglob("postmaster.pid")).read_text().split()[0])
        self._postmaster = psutil.Process(pid)

    def _postgres_seconds(self) -> float:
        return cpu_of([self._postmaster, *self._postmaster.children()])

    def drive(
        self,
        requests: Sequence[bytes],
        *,
        connections: int,
        seconds: float | None = None,
        count: int | None = None,
    ) -> tuple[load.Load, Slice]:
        """Send these requests round and round, for so long or so often. Raises SystemExit if one fails."""
        file = load.write(self._folder / "offers.requests", requests)
        api, postgres = self._server.cpu_seconds, self._postgres_seconds()
        if count is not None:
            seen = load.send(self._server.port, file, count=count, connections=connections)
        else:
            seen = load.drive(self._server.port, file, seconds=seconds or 1, connections=connections)
        if seen.errors:
            raise SystemExit(f"{seen.errors} of {seen.requests} requests failed")
        used = self._server.cpu_seconds - api, self._postgres_seconds() - postgres
        return seen, Slice(seen.per_second, *(1e6 * one / seen.requests for one in used))

    def check_quote(self, token: str, phone_number: str, plan_id: UUID) -> None:
        """Ask for one quote, and see that all the offers are live: a quote shows the best of them."""
        quote = httpx.post(
            f"http://127.0.0.1:{self._server.port}{_QUOTE}",
            json={"phone_number": phone_number, "plan_id": str(plan_id), "payment_method": "wallet"},
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ).json()
        applying = sum(offer["applies"] for offer in quote["offers"])
        if applying != MAX_LISTED or not quote["offer_id"]:
            raise SystemExit(f"{applying} offers apply, and {MAX_LISTED} should: {quote}")


def main(words: Sequence[str]) -> None:
    """Run and print. A missed goal is no failure: exit status 0."""
    parser = argparse.ArgumentParser(prog="bench offers", description=__doc__)
    parser.add_argument("--turns", type=int, default=30, help="of three slices each; 0: no sales")
    parser.add_argument("--seconds", type=float, default=1.5, help="of a slice; wrk takes whole seconds")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--quotes", type=int, default=2_000, help="0: none")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    with world() as bench_world:
        if options.turns:
            with _api(bench_world) as server:
                turns = _sell(console, bench_world, Machine(bench_world, server.wait_ready()), options)
            _show_sales(console, turns)
        if options.quotes:
            asyncio.run(_add_offers(bench_world))
            with _api(bench_world) as server:
                quotes = _ask(bench_world, Machine(bench_world, server.wait_ready()), options.quotes)
            _show_quotes(console, quotes, options.quotes)
        report = bench_world.check(PRODUCT)
    console.print(
        f"The ledger {'is clean' if report.ok else 'IS NOT CLEAN'}; load {psutil.getloadavg()[0]:.1f}."
    )
    if not report.ok:
        console.print("\n".join(report.lines))
        raise SystemExit(1)


def _api(bench_world: World) -> Server:
    environment = bench_world.environment(PRODUCT)
    return Server("api", "gencharge.api.main:create_app", bench_world.folder, environment)


def _sell(console: Console, bench_world: World, machine: Machine, options: argparse.Namespace) -> list[Turn]:
    plan_id, turns, kinds = bench_world.addon(), [], list(KINDS)
    whole = range(options.turns + _WARM_UP_TURNS)
    for number in track(whole, "sales", console=console, transient=True):
        first = number % len(kinds)
        turn = Turn()
        bench_world.empty_outbox(PRODUCT)
        for kind in (*kinds[first:], *kinds[:first]):
            requests = bench_world.subscriptions(SUBSCRIBE, plan_id, KINDS[kind])
            _, turn[kind] = machine.drive(requests, connections=options.connections, seconds=options.seconds)
        if number >= _WARM_UP_TURNS:
            turns.append(turn)
    return turns


async def _add_offers(bench_world: World) -> None:
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    try:
        await connection.execute(_ADD, OFFERS)
        await connection.execute("ANALYZE offers, offer_versions, offer_uses")
    finally:
        await connection.close()


def _ask(bench_world: World, machine: Machine, count: int) -> Quotes:
    plan_id, requests = bench_world.addon(), []
    for customer, token in zip(bench_world.customers, bench_world.tokens(), strict=True):
        body = f'{{"phone_number":"{customer.phone_number}","plan_id":"{plan_id}","payment_method":"wallet"}}'
        requests.append(load.post(_QUOTE, token, body.encode(), X_User=str(customer.user_id)))
    machine.check_quote(bench_world.tokens()[0], bench_world.customers[0].phone_number, plan_id)
    machine.drive(requests, connections=_QUOTE_CONNECTIONS, count=_WARM_UP_QUOTES)
    seen, used = machine.drive(requests, connections=_QUOTE_CONNECTIONS, count=count)
    return Quotes(used.api * _SECONDS_PER_MS, used.postgres * _SECONDS_PER_MS, seen.p50_ms)


def _show_sales(console: Console, turns: Sequence[Turn]) -> None:
    table = Table(
        f"{len(turns)} turns",
        "sales a second",
        "API, CPU µs",
        "PostgreSQL, CPU µs",
        "ratio",
        "middle half",
        "goal",
    )
    for kind in KINDS:
        medians = [
            median(of(turn[kind]) for turn in turns)
            for of in (_per_second, lambda one: one.api, lambda one: one.postgres)
        ]
        ratio = Ratio.of(turns, kind)
        judged = (
            ("", "", "")
            if kind == PLAIN
            else (
                f"{ratio.middle:.3f}",
                f"{ratio.low:.3f} to {ratio.high:.3f}",
                f"{GOAL_RATIO}: {'reached' if ratio.middle >= GOAL_RATIO else 'not reached'}",
            )
        )
        table.add_row(kind, *(f"{each:.0f}" for each in medians), *judged)
    console.print(table)


def _per_second(one: Slice) -> float:
    return one.per_second


def _show_quotes(console: Console, quotes: Quotes, count: int) -> None:
    verdict = "reached" if quotes.api < GOAL_QUOTE_MS else "not reached"
    console.print(
        f"{count:,} quotes with {OFFERS} live offers for the plan: {quotes.api:.2f} ms of the API's CPU each (goal {GOAL_QUOTE_MS:g}:"
        f" {verdict}), {quotes.postgres:.2f} ms of PostgreSQL's; p50 {quotes.p50_ms:.1f} ms."
    )
