"""Loads the scale data by COPY: several connections side by side, each in one transaction, committed together at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from gencharge import seed as sample
from gencharge.analytics import service as analytics
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Environment, Settings
from gencharge.core.values import clock
from scale import columns, indexes, market
from scale.books import Books
from scale.market import Market
from scale.people import BLOCK, DAY_MS, YEARS_MS, People, code_of
from scale.progress import Meter
from scale.purchases import Chunk

SAFE_NAMES: Final = ("_dev", "_test", "_scale")
_CHUNK: Final = 50_000
_REPORT_EVERY: Final = 5_000
_GOODBYE_SECONDS: Final = 5
# What each connection loads.
_LANES: Final = (
    ("users", "referral_codes", "transfers", "wallets"),
    ("phone_directory", "email_directory", "recharges", "payments", "lines"),
    (
        "connections",
        "erasures",
        "saved_numbers",
        "user_preferences",
        "active_plans",
        "payment_orders",
        "fulfilments",
        "adjustments",
        "operator_attempts",
        "operator_references",
        "offer_uses",
    ),
)
# Customers, and their recharges.
NAMED: Final = {"100k": (10_000, 100_000), "1m": (100_000, 1_000_000), "10m": (1_000_000, 10_000_000)}
# No others: a second run at the same time would wait for its keys and then fail on them.
_ONLY_ONE: Final = "SELECT pg_try_advisory_lock(7265632, 3)"
_OTHERS: Final = (
    f"SELECT count(*) FROM users WHERE phone_number NOT LIKE '{BLOCK}%' AND phone_number <> ALL ($1)"  # noqa: S608
)
# What the sample customers did is no older than some months.
_COUNTED: Final = (
    "SELECT EXISTS (SELECT FROM recharge_figures WHERE cut = 'all' AND day < current_date - 300)"
)
_CODE: Final = "SELECT user_id FROM referral_codes WHERE code = $1"


class Refused(Exception):
    """The scale data can't go into this database; the text says why."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it, and which of all possible ones."""

    users: int = 1_000_000
    transactions: int = 5_000_000
    seed: int = 1
    # If given, it counts instead of the transactions.
    recharges: int | None = None

    @classmethod
    def named(cls, name: str, seed: int = 1) -> Size:
        """One of NAMED. Raises Refused for another name."""
        if name not in NAMED:
            raise Refused(f"There is no size {name!r}: {', '.join(NAMED)}.")
        users, recharges = NAMED[name]
        return cls(users=users, seed=seed, recharges=recharges)


def seed(settings: Settings, size: Size, meter: Meter) -> bool:
    """Put the scale data, and the sample data before it, into the database. False if it is in place already.

    Raises Refused for a database that may hold real customers, and for one with part of the data.
    """
    check_safe(settings)
    return asyncio.run(load(settings, size, meter))


def check_safe(settings: Settings) -> None:
    """Raises Refused in production and for a database that isn't named as one to play with."""
    if settings.environment is Environment.PRODUCTION:
        raise Refused("The scale data is never put into a production database.")
    if not settings.database_name.endswith(SAFE_NAMES):
        raise Refused(
            f"The scale data goes only into a database whose name ends in {', '.join(SAFE_NAMES)};"
            f" this one is {settings.database_name!r}."
        )


async def load(settings: Settings, size: Size, meter: Meter) -> bool:
    """The same, inside a running event loop."""
    if not 1 <= size.users < 10**8:
        raise Refused("The scale data has between 1 and 99,999,999 users.")
    async with AsyncExitStack() as stack:
        guard = await stack.enter_async_context(_connected(settings))
        if not await guard.fetchval(_ONLY_ONE):
            raise Refused("The scale data is being put into this database by another process.")
        if await _is_in_place(guard, size):
            await _count(settings, guard, meter)
            return False
        await _refuse_customers(guard)
        await _put_sample(settings)
        lanes = [await stack.enter_async_context(_connected(settings)) for _ in _LANES]
        try:
            await _fill(lanes, await market.of_database(guard), size, meter)
        except asyncpg.UniqueViolationError as problem:
            raise Refused(f"Part of the scale data is in place; use an empty database. {problem}") from None
        meter.begin("tidying up", sum(map(len, _LANES)))
        for table in sum(_LANES, ()):
            # Sets the visibility map, too, which pages that were only ever written lack.
            await guard.execute(f"VACUUM (ANALYZE) {table}")
            meter.advance(1)
        await _count(settings, guard, meter)
    return True


async def _refuse_customers(guard: asyncpg.Connection) -> None:
    """Raises Refused where customers are who are neither sample customers nor scale data."""
    sample_numbers = [sample.phone_of(number) for number in range(1, sample.USERS + 1)]
    others = await guard.fetchval(_OTHERS, sample_numbers)
    if others:
        raise Refused(f"{others} customers of this database are no sample customers: use an empty database.")


async def _count(settings: Settings, guard: asyncpg.Connection, meter: Meter) -> None:
    """Count the figures of the recharges, which came without events, unless they were counted."""
    if await guard.fetchval(_COUNTED):
        return
    meter.begin("figures", int(YEARS_MS / DAY_MS) + 1)
    database = Database(settings, name="gencharge-scale")
    try:
        await analytics.rebuild(database, lambda first, until: meter.advance((until - first).days))
    finally:
        await database.close()
    await guard.execute("VACUUM (ANALYZE) recharge_figures")


async def _is_in_place(guard: asyncpg.Connection, size: Size) -> bool:
    """Whether a load of at least this size was finished here."""
    first, last = [await guard.fetchval(_CODE, code_of(number)) for number in (0, size.users - 1)]
    if first is not None and last is None:
        raise Refused("A smaller set of the scale data is in place: use an empty database for a larger one.")
    return first is not None


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the tables' owner, without time limits."""
    connection = await asyncpg.connect(
        settings.migration_url,
        server_settings={
            "application_name": "gencharge-scale",
            "statement_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
        },
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=_GOODBYE_SECONDS)


async def _put_sample(settings: Settings) -> None:
    database = Database(settings, name="gencharge-scale")
    try:
        await sample.seed_all(database, settings)
    finally:
        await database.close()


async def _fill(
    lanes: Sequence[asyncpg.Connection],
    sold: Market,
    size: Size,
    meter: Meter,
) -> None:
    """All rows, each lane in a transaction of its own; they are committed one after the other at the end."""
    # One source of chance for who they are and one for what they do, so that neither depends on the other's size.
    now_ms = int(clock.now().timestamp() * 1000)
    people = await asyncio.to_thread(
        People,
        size.users,
        now_ms=now_ms,
        chance=random.Random(size.seed),  # noqa: S311 - made-up data
    )
    chance = random.Random(size.seed + 1)  # noqa: S311 - made-up data
    books = Books(people, sold, transactions=size.transactions, recharges=size.recharges, chance=chance)
    transactions = [lane.transaction() for lane in lanes]
    for transaction in transactions:
        await transaction.start()
    aside: list[list[str]] = []
    for lane, tables in zip(lanes, _LANES, strict=True):
        aside.append([again for table in tables for again in await indexes.put_aside(lane, table)])
    await _copy_people(lanes, people, meter)
    await _copy_books(lanes, books, size, meter)
    meter.begin("indexes", sum(map(len, aside)))
    await asyncio.gather(
        *(indexes.make_again(lane, again, meter) for lane, again in zip(lanes, aside, strict=True))
    )
    # The first lane holds the mark by which a finished load is known.
    for transaction in reversed(transactions):
        await transaction.commit()


async def _copy_people(lanes: Sequence[asyncpg.Connection], people: People, meter: Meter) -> None:
    meter.begin("customers", 5 * people.count)

    async def who() -> None:
        await _copy(lanes[0], "users", people.users(), meter)
        await _copy(lanes[0], "referral_codes", people.referral_codes(), meter)

    async def where() -> None:
        await _copy(lanes[1], "phone_directory", people.phones(), meter)
        await _copy(lanes[1], "email_directory", people.emails(), meter)

    async def about() -> None:
        await _copy(lanes[2], "connections", people.connections(), meter)
        await _copy(lanes[2], "erasures", people.erasures())
        await _copy(lanes[2], "saved_numbers", people.saved_numbers())
        await _copy(lanes[2], "user_preferences", people.preferences())

    await asyncio.gather(who(), where(), about())


async def _copy_books(lanes: Sequence[asyncpg.Connection], books: Books, size: Size, meter: Meter) -> None:
    of_recharges = size.recharges is not None
    meter.begin("recharges" if of_recharges else "transactions", size.recharges or size.transactions)
    chunks = books.chunks(_CHUNK)
    chunk = await asyncio.to_thread(next, chunks, None)
    while chunk is not None:
        # The next one is made while this one is on its way.
        following, *_ = await asyncio.gather(
            asyncio.to_thread(next, chunks, None),
            _copy(lanes[0], "transfers", chunk.transfers, None if of_recharges else meter),
            _copy_recharges(lanes[1], chunk, meter if of_recharges else None),
            _copy_plans(lanes[2], chunk),
        )
        chunk = following
    meter.begin("wallets and lines", size.users)
    await asyncio.gather(
        _copy(lanes[0], "wallets", books.wallets(), meter),
        _copy(lanes[1], "lines", books.lines()),
    )
    await books.rewards.add_slots(lanes[2])


async def _copy_recharges(lane: asyncpg.Connection, chunk: Chunk, meter: Meter | None) -> None:
    await _copy(lane, "recharges", chunk.recharges, meter)
    await _copy(lane, "payments", chunk.payments)


async def _copy_plans(lane: asyncpg.Connection, chunk: Chunk) -> None:
    await _copy(lane, "active_plans", chunk.active_plans)
    await _copy(lane, "payment_orders", chunk.payment_orders)
    await _copy(lane, "fulfilments", chunk.fulfilments)
    await _copy(lane, "adjustments", chunk.adjustments)
    await _copy(lane, "operator_attempts", chunk.operator_attempts)
    await _copy(lane, "operator_references", chunk.operator_references)
    await _copy(lane, "offer_uses", chunk.offer_uses)


async def _copy(
    lane: asyncpg.Connection,
    table: str,
    rows: Iterable[tuple[Any, ...]],
    meter: Meter | None = None,
) -> None:
    counted = rows if meter is None else _counted(rows, meter)
    await lane.copy_records_to_table(table, records=counted, columns=columns.OF[table])


def _counted(rows: Iterable[tuple[Any, ...]], meter: Meter) -> Iterator[tuple[Any, ...]]:
    number = 0
    for number, row in enumerate(rows, 1):
        if number % _REPORT_EVERY == 0:
            meter.advance(_REPORT_EVERY)
        yield row
    meter.advance(number % _REPORT_EVERY)
