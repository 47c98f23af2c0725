"""`python -m bench race`: customers race for the uses of one offer, at full speed, until there are none left.

An offer with so many uses and no other limit; more recharges that name its code than it has uses, from as many connections as the other
rows have. At the end exactly its uses must have been had, by the recharges that were sold, by the uses that are written down, and by its
counters; who came too late was refused. Recharges without an offer before, between and after its slices, in the same process, say what
the offer costs: the ratio is the median of those of each slice to its neighbours.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median
from typing import Final
from uuid import UUID

import asyncpg
import psutil
from rich.console import Console

from bench import load
from bench.load import Load
from bench.rows import SUBSCRIBE
from bench.servers import Server
from bench.world import PRODUCT, World, world

GOAL_RATIO: Final = 0.5
CODE: Final = "BENCHRACE"
# Sent at a time: access tokens run out in five minutes, and each slice has fresh ones.
_SLICE: Final = 10_000
_TOO_MANY: Final = 1_000
_ADD: Final = (
    "INSERT INTO offers (offer_id, offer_type_id, name, code, status, discount_paise, total_uses)"
    " SELECT gen_random_uuid(), offer_type_id, 'Race', $1, 'active', 100, $2 FROM offer_types LIMIT 1 RETURNING offer_id"
)
_VERSION: Final = "INSERT INTO offer_versions (offer_id, version, snapshot) VALUES ($1, 1, '{}')"
_HAD: Final = (
    "SELECT (SELECT count(*) FROM recharges WHERE offer_id = $1 AND status = 'delivered'),"
    " (SELECT count(*) FROM offer_uses WHERE offer_id = $1 AND status = 'taken'),"
    " (SELECT sum(uses) FROM offer_slots WHERE offer_id = $1)"
)


@dataclass(slots=True)
class Race:
    """Slices of the race, and recharges without an offer beside them. `had`: uses by recharges, by rows of uses, by counters."""

    slices: list[Load]
    plain: list[Load]
    had: tuple[int, ...] = ()

    @property
    def requests(self) -> int:
        """How many were sent with the code."""
        return sum(each.requests for each in self.slices)

    @property
    def per_second(self) -> float:
        """Of the whole race."""
        return self.requests / sum(each.seconds for each in self.slices)

    @property
    def plain_per_second(self) -> float:
        """Without an offer."""
        return mean(each.per_second for each in self.plain)

    @property
    def ratio(self) -> float:
        """Of a slice to what is sold without an offer right before and after it: the median over all slices but the short last one."""
        beside = [mean((before.per_second, after.per_second)) for before, after in pairwise(self.plain)]
        ratios = [each.per_second / plain for each, plain in zip(self.slices, beside, strict=True)]
        return median(ratios[:-1] or ratios)

    @property
    def refused(self) -> int:
        """How many had no 2xx answer."""
        return sum(each.errors for each in self.slices)


def main(words: Sequence[str]) -> None:
    """Run and print. Exit status 1 if a use too many or too few was had."""
    parser = argparse.ArgumentParser(prog="bench race", description=__doc__)
    parser.add_argument("--uses", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--plain", type=int, default=4_000, help="recharges without an offer, each time")
    options = parser.parse_args(words)
    console = Console()
    with world() as bench_world:
        offer_id = asyncio.run(_add_offer(bench_world, options.uses))
        plan_id = bench_world.addon()
        with Server(
            "api", "gencharge.api.main:create_app", bench_world.folder, bench_world.environment(PRODUCT)
        ) as server:
            race = _race(bench_world, server.wait_ready(), plan_id, options)
        race.had = asyncio.run(_had(bench_world, offer_id))
        report = bench_world.check(PRODUCT)
    is_exact = race.had == (options.uses,) * 3 and race.refused == race.requests - options.uses
    console.print(
        f"{race.requests:,} recharges with the code of an offer of {options.uses:,} uses, {options.connections} connections:"
        f" {race.per_second:,.0f} a second ({min(each.per_second for each in race.slices):,.0f} to"
        f" {max(each.per_second for each in race.slices):,.0f}), p99 {max(each.p99_ms for each in race.slices):.0f} ms"
    )
    console.print(
        f"without an offer: {race.plain_per_second:,.0f} a second; the ratio is {race.ratio:.2f} (goal {GOAL_RATIO}:"
        f" {'reached' if race.ratio >= GOAL_RATIO else 'not reached'}); load {psutil.getloadavg()[0]:.1f}"
    )
    console.print(
        f"had by recharges, rows of uses, counters: {', '.join(f'{each:,}' for each in race.had)};"
        f" {race.refused:,} refused; {'exact' if is_exact else 'NOT EXACT'};"
        f" the ledger {'is clean' if report.ok else 'IS NOT CLEAN'}"
    )
    if not (is_exact and report.ok):
        raise SystemExit(1)


def _race(bench_world: World, server: Server, plan_id: UUID, options: argparse.Namespace) -> Race:
    """The race in slices, with recharges without an offer before, between and after them."""

    def plain() -> Load:
        file = load.write(bench_world.folder / "plain", bench_world.subscriptions(SUBSCRIBE, plan_id))
        return load.send(server.port, file, count=options.plain, connections=options.connections)

    plain()  # a process that has just started is slower
    race = Race([], [plain()])
    left = options.uses + _TOO_MANY
    while left > 0:
        size = min(_SLICE, left)
        file = load.write(bench_world.folder / "race", bench_world.subscriptions(SUBSCRIBE, plan_id, CODE))
        race.slices.append(load.send(server.port, file, count=size, connections=options.connections))
        left -= size
        race.plain.append(plain())
    return race


async def _add_offer(bench_world: World, uses: int) -> UUID:
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    try:
        offer_id: UUID = await connection.fetchval(_ADD, CODE, uses)
        await connection.execute(_VERSION, offer_id)
        return offer_id
    finally:
        await connection.close()


async def _had(bench_world: World, offer_id: UUID) -> tuple[int, ...]:
    connection = await asyncpg.connect(bench_world.settings[PRODUCT].postgres_url)
    try:
        return tuple(int(each) for each in await connection.fetchrow(_HAD, offer_id))
    finally:
        await connection.close()
