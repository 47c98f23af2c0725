"""`python -m bench outbox`: what it costs to store delivered events (BACKUP_EVENT_DAYS), in time and in bytes.

One process hands out the same number of recharges' events to all listeners, in turn without and with storing them. A rate says little on a busy
machine, so the processor's time is counted: of this process, and of PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from typing import Final
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.table import Table

from bench.due import Cost, cost_of
from bench.world import PRODUCT, World, world
from gencharge import wiring
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.events.relay import Relay
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.recharge.events import PlanRecharged

GOAL_PERCENT: Final = 5.0
_AT_A_TIME: Final = 500
_WITHOUT, _WITH = "without", "with storing"
_WAITING: Final = "SELECT avg(pg_column_size(e.*))::float FROM events AS e"
_STORED: Final = """
    SELECT sum(events)::int AS events, sum(pg_column_size(content))::int AS content, sum(pg_column_size(users))::int AS users,
           pg_total_relation_size('delivered_events')::bigint AS whole
    FROM delivered_events
"""
_SALE: Final = PlanRecharged(
    user_id="",
    recharge_id="",
    phone_number="",
    plan_id=str(new_id()),
    plan_name="Unlimited 299, 2 GB a day",
    operator="JIO",
    status="active",
    total_paid_paise=29_900,
    payment_method="wallet",
    source="web",
    valid_from="2026-11-23T10:00:00Z",
    valid_until="2026-12-21T10:00:00Z",
)


def main(words: Sequence[str]) -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(prog="bench outbox", description=__doc__)
    parser.add_argument("--events", type=int, default=3_000, help="of a round")
    parser.add_argument("--rounds", type=int, default=5, help="of each side")
    parser.add_argument("--batch", type=int, default=0, help="OUTBOX_BATCH; 0: as it is set by default")
    options = parser.parse_args(words)
    console = Console()
    if not console.is_terminal:
        console.width = 130
    with world() as bench_world:
        asyncio.run(_run(console, bench_world, options))


async def _run(console: Console, bench_world: World, options: argparse.Namespace) -> None:
    settings = bench_world.settings[PRODUCT].model_copy(update={"access_log": False, "log_level": "WARNING"})
    if options.batch:
        settings = settings.model_copy(update={"outbox_batch": options.batch})
    telemetry.configure_logging(settings)
    connection = await asyncpg.connect(settings.migration_url)
    sides: dict[str, list[Cost]] = {_WITHOUT: [], _WITH: []}
    bytes_waiting = 0.0
    try:
        for number in range(options.rounds + 1):
            for name, days in ((_WITHOUT, 0), (_WITH, 8)) if number % 2 else ((_WITH, 8), (_WITHOUT, 0)):
                own = settings.model_copy(update={"backup_event_days": days})
                cost, bytes_waiting = await _round(name, connection, own, options.events)
                if number:  # the first round of each warms up
                    sides[name].append(cost)
        cost, _ = await _round(
            _WITH, connection, settings.model_copy(update={"backup_event_days": 8}), options.events
        )
        stored = await connection.fetchrow(_STORED)
    finally:
        await connection.close()
    _show(console, sides, options.events)
    assert stored is not None, "an aggregate returns a row"
    count = stored["events"]
    console.print(
        f"An event that waits takes {bytes_waiting:.0f} bytes; stored {stored['content'] / count:.0f}, with its customer"
        f" {(stored['content'] + stored['users']) / count:.0f}, with table and indexes {stored['whole'] / count:.0f}."
    )


async def _round(
    name: str, connection: asyncpg.Connection, settings: Settings, events: int
) -> tuple[Cost, float]:
    stores = Stores.open(settings, name="gencharge-bench")
    try:
        await connection.execute("TRUNCATE events, deliveries, delivered_events")
        for start in range(0, events, _AT_A_TIME):
            sales = [_sale(start + number) for number in range(min(_AT_A_TIME, events - start))]
            await stores.database.run(lambda db, sales=sales: emit(db, *sales))  # type: ignore[misc]
        size = float(await connection.fetchval(_WAITING))
        relay = Relay(stores, wiring.LISTENERS)
        cost = await cost_of(name, connection, _hand_out(relay, connection))
        return cost, size
    finally:
        await stores.close()


async def _hand_out(relay: Relay, connection: asyncpg.Connection) -> None:
    while await connection.fetchval("SELECT EXISTS (SELECT FROM events WHERE topic = 'PlanRecharged')"):
        await relay.deliver()


def _sale(number: int) -> PlanRecharged:
    return replace(
        _SALE,
        user_id=str(UUID(int=new_id().int)),
        recharge_id=str(new_id()),
        phone_number=f"+9198{number:08d}",
        valid_from=datetime.now(UTC).isoformat(),
    )


def _show(console: Console, sides: dict[str, list[Cost]], events: int) -> None:
    table = Table(
        title=f"{events} events in a round, the middle of {len(sides[_WITH])} rounds, microseconds an event"
    )
    for column in ("side", "clock", "this process", "PostgreSQL", "CPU in all"):
        table.add_column(column, justify="left" if column == "side" else "right")
    in_all = dict[str, float]()
    for name, costs in sides.items():
        micros = [
            median(getattr(cost, part) for cost in costs) / events * 1e6
            for part in ("seconds", "own", "postgres")
        ]
        in_all[name] = median(cost.own + cost.postgres for cost in costs) / events * 1e6
        table.add_row(name, *(f"{each:.0f}" for each in micros), f"{in_all[name]:.0f}")
    console.print(table)
    pairs = zip(sides[_WITHOUT], sides[_WITH], strict=True)
    each = median((b.own + b.postgres) / (a.own + a.postgres) for a, b in pairs)
    more = (in_all[_WITH] / in_all[_WITHOUT] - 1) * 100
    console.print(
        f"{more:+.1f} % of the processor's time, {(each - 1) * 100:+.1f} % by the middle pair (goal: less than {GOAL_PERCENT:.0f} %)."
    )
