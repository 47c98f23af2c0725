"""Loads the scale data by COPY: several connections side by side, each in one transaction, committed together at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence, Set
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, Final

import asyncpg

from gencharge import seed as sample
from gencharge.analytics import service as analytics
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Environment, Settings
from gencharge.core.values import clock
from scale import columns, indexes, market
from scale.books import Books
from scale.groups import Groups
from scale.market import Market
from scale.people import BLOCK, DAY_MS, GROUPS, PER_GROUP, YEARS_MS, People, code_of
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
# Those that a chunk has rows of, and those that are filled for all groups at once.
_OF_CHUNKS: Final = tuple(
    tuple(table for table in tables if table in {part.name for part in fields(Chunk)}) for tables in _LANES
)
_OF_BOOKS: Final = frozenset({"wallets", "lines", *chain.from_iterable(_OF_CHUNKS)})
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
    # So many groups of customers do the same at the same times, each with ids, numbers, names and addresses of its own. Making the
    # rows of one group takes as long as storing those of several.
    groups: int = 1

    def __post_init__(self) -> None:
        """Raises Refused for numbers that don't go together."""
        if not 1 <= self.users < GROUPS * PER_GROUP:
            raise Refused("The scale data has between 1 and 99,999,999 users.")
        amount = self.transactions if self.recharges is None else self.recharges
        uneven = self.users % self.groups or amount % self.groups
        if uneven or self.groups > GROUPS or (self.groups > 1 and self.users > self.groups * PER_GROUP):
            raise Refused(f"{self.groups} groups can't have as much each of {self}.")

    @classmethod
    def named(cls, name: str, seed: int = 1) -> Size:
        """One of NAMED. Raises Refused for another name."""
        if name not in NAMED:
            raise Refused(f"There is no size {name!r}: {', '.join(NAMED)}.")
        users, recharges = NAMED[name]
        return cls(
            users=users, seed=seed, recharges=recharges, groups=GROUPS if recharges >= 1_000_000 else 1
        )


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
            frozen = await _fill(lanes, await market.of_database(guard), size, meter)
        except asyncpg.UniqueViolationError as problem:
            raise Refused(f"Part of the scale data is in place; use an empty database. {problem}") from None
        meter.begin("tidying up", sum(map(len, _LANES)))
        await asyncio.gather(
            *(_tidy_up(lane, tables, frozen, meter) for lane, tables in zip(lanes, _LANES, strict=True))
        )
        await _count(settings, guard, meter)
    return True


async def _tidy_up(lane: asyncpg.Connection, tables: Sequence[str], frozen: Set[str], meter: Meter) -> None:
    for table in tables:
        # Also sets the visibility map, which pages that were only ever written lack; unless they were written with it.
        await lane.execute(f"ANALYZE {table}" if table in frozen else f"VACUUM (ANALYZE) {table}")
        meter.advance(1)


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
) -> Set[str]:
    """All rows, each lane in a transaction of its own; they are committed one after the other at the end. Returns the tables whose rows
    need no VACUUM."""
    # One source of chance for who they are and one for what they do, so that neither depends on the other's size.
    now_ms = int(clock.now().timestamp() * 1000)
    people = await asyncio.to_thread(
        People,
        size.users // size.groups,
        now_ms=now_ms,
        chance=random.Random(size.seed),  # noqa: S311 - made-up data
    )
    chance = random.Random(size.seed + 1)  # noqa: S311 - made-up data
    recharges = None if size.recharges is None else size.recharges // size.groups
    books = Books(
        people, sold, transactions=size.transactions // size.groups, recharges=recharges, chance=chance
    )
    transactions = [lane.transaction() for lane in lanes]
    for transaction in transactions:
        await transaction.start()
    aside: list[list[str]] = []
    empty = set[str]()
    for lane, tables in zip(lanes, _LANES, strict=True):
        of_table = {table: await indexes.put_aside(lane, table) for table in tables}
        aside.append(list(chain.from_iterable(of_table.values())))
        empty |= {table for table, again in of_table.items() if again}
    meter.begin("customers", 5 * size.users)
    for group in range(size.groups):
        await _copy_people(lanes, people.group(group) if group else people, meter)
    await _copy_books(lanes, books, size, Groups(size.groups, empty), meter)
    meter.begin("indexes", sum(map(len, aside)))
    await asyncio.gather(
        *(indexes.make_again(lane, again, meter) for lane, again in zip(lanes, aside, strict=True))
    )
    # The first lane holds the mark by which a finished load is known.
    for transaction in reversed(transactions):
        await transaction.commit()
    return {table for table in empty if table in _OF_BOOKS}


async def _copy_people(lanes: Sequence[asyncpg.Connection], people: People, meter: Meter) -> None:
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


async def _copy_books(
    lanes: Sequence[asyncpg.Connection], books: Books, size: Size, groups: Groups, meter: Meter
) -> None:
    of_recharges = size.recharges is not None
    meter.begin("recharges" if of_recharges else "transactions", size.recharges or size.transactions)
    chunks = books.chunks(_CHUNK)
    chunk = await asyncio.to_thread(next, chunks, None)
    while chunk is not None:
        # The next one is made while this one is on its way.
        following, *_ = await asyncio.gather(
            asyncio.to_thread(next, chunks, None),
            *(
                _copy_chunk(lane, tables, chunk, groups)
                for lane, tables in zip(lanes, _OF_CHUNKS, strict=True)
            ),
        )
        meter.advance(groups.count * len(chunk.recharges if of_recharges else chunk.transfers))
        chunk = following
    meter.begin("wallets and lines", size.users)
    await asyncio.gather(
        groups.copy(lanes[0], "wallets", books.wallets()),
        groups.copy(lanes[1], "lines", books.lines()),
    )
    await books.rewards.add_slots(lanes[2], groups.count)


async def _copy_chunk(lane: asyncpg.Connection, tables: Sequence[str], chunk: Chunk, groups: Groups) -> None:
    for table in tables:
        await groups.copy(lane, table, getattr(chunk, table))


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
