"""Loads the scale data by COPY: several connections side by side, each in one transaction, committed together at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from gencharge import seed as sample
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Environment, Settings
from gencharge.core.values import clock
from scale import catalogue, corrections, indexes
from scale.books import Books
from scale.catalogue import Offered
from scale.people import People, code_of
from scale.progress import Meter
from scale.purchases import Chunk

SAFE_NAMES: Final = ("_dev", "_test", "_scale")
_CHUNK: Final = 50_000
_REPORT_EVERY: Final = 5_000
_GOODBYE_SECONDS: Final = 5
_USERS: Final = (
    *("user_id", "phone_number", "status", "name", "email", "user_type", "referral_code", "referred_by"),
    *("kyc_tier", "registered_at", "created_at", "updated_at", "status_since"),
    *("status_by", "status_reason", "name_key", "email_usable_from"),
)
_TRANSFERS: Final = (
    *("user_id", "id", "debit", "credit", "amount", "code", "key", "reference_id", "phone_number"),
    *("service_type", "operator", "source", "payment_method", "created_at"),
)
_RECHARGES: Final = (
    *(
        "user_id",
        "id",
        "idempotency_key",
        "request_hash",
        "phone_number",
        "plan_id",
        "plan_version",
        "plan_name",
    ),
    *("operator", "plan_type", "category", "price", "discount", "wallet_amount", "gateway_amount", "status"),
    *("sold_status", "payment_method", "source", "activation_mode", "sold_valid_from", "sold_valid_until"),
    *(
        "replaced_plan_name",
        "replaced_valid_until",
        "balance_after",
        "failure_reason",
        "created_at",
        "completed_at",
    ),
)
_ACTIVE_PLANS: Final = (
    *(
        "phone_number",
        "recharge_id",
        "user_id",
        "plan_id",
        "plan_version",
        "plan_name",
        "operator",
        "plan_type",
    ),
    *("category", "is_addon", "status", "validity_count", "validity_unit", "valid_from", "valid_until"),
    *("created_at", "ended_at"),
)
_CONNECTIONS: Final = ("phone_number", "user_id", "operator", "circle", "service_type", "updated_at")
_PAYMENTS: Final = (
    *("user_id", "payment_id", "purpose", "reference_id", "amount", "method", "source", "status", "gateway"),
    *("order_id", "gateway_payment_id", "idempotency_key", "request_hash", "failure_reason", "created_at"),
    *("updated_at", "captured_at", "next_check_at"),
)
_PAYMENT_ORDERS: Final = ("order_id", "gateway", "user_id", "payment_id")
_FULFILMENTS: Final = (
    *("user_id", "recharge_id", "phone_number", "operator", "plan_id", "amount", "state", "next_attempt_at"),
    "created_at",
)
_ADJUSTMENTS: Final = (
    *("user_id", "adjustment_id", "direction", "amount", "reason", "note", "reference", "requested_by"),
    *("requested_at", "expires_at", "status", "decided_by", "decided_at", "decision_note"),
)
_SAVED_NUMBERS: Final = (
    *("user_id", "number_id", "phone_number", "nickname", "operator", "circle", "service_type", "created_at"),
    "updated_at",
)
_PREFERENCES: Final = (
    *("user_id", "email_notification", "sms_notification", "marketing_communication", "recharge_reminders"),
    *(
        "promotional_offers",
        "transactional_alerts",
        "data_analytics",
        "third_party_integrations",
        "updated_at",
    ),
)
_WALLETS: Final = ("user_id", "posted", "held", "created_at", "updated_at")
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
    ),
)
# No others: a second run at the same time would wait for its keys and then fail on them.
_ONLY_ONE: Final = "SELECT pg_try_advisory_lock(7265632, 3)"
_CODE: Final = "SELECT user_id FROM referral_codes WHERE code = $1"


class Refused(Exception):
    """The scale data can't go into this database; the text says why."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it, and which of all possible ones."""

    users: int = 1_000_000
    transactions: int = 5_000_000
    seed: int = 1


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
            return False
        await _put_sample(settings)
        lanes = [await stack.enter_async_context(_connected(settings)) for _ in _LANES]
        try:
            plans, staff = await catalogue.offered(guard), await guard.fetch(corrections.STAFF)
            await _fill(lanes, plans, [row["admin_id"] for row in staff], size, meter)
        except asyncpg.UniqueViolationError as problem:
            raise Refused(f"Part of the scale data is in place; use an empty database. {problem}") from None
        meter.begin("tidying up", sum(map(len, _LANES)))
        for table in sum(_LANES, ()):
            # Sets the visibility map, too, which pages that were only ever written lack.
            await guard.execute(f"VACUUM (ANALYZE) {table}")
            meter.advance(1)
    return True


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
    plans: Sequence[Offered],
    staff: Sequence[UUID],
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
    books = Books(people, plans, staff, transactions=size.transactions, chance=chance)
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
        await _copy(lanes[0], "users", _USERS, people.users(), meter)
        await _copy(lanes[0], "referral_codes", ("code", "user_id"), people.referral_codes(), meter)

    async def where() -> None:
        await _copy(lanes[1], "phone_directory", ("phone_number", "kind", "owner_id"), people.phones(), meter)
        await _copy(lanes[1], "email_directory", ("email", "kind", "owner_id"), people.emails(), meter)

    async def about() -> None:
        await _copy(lanes[2], "connections", _CONNECTIONS, people.connections(), meter)
        await _copy(lanes[2], "erasures", ("user_id", "erase_after", "created_at"), people.erasures())
        await _copy(lanes[2], "saved_numbers", _SAVED_NUMBERS, people.saved_numbers())
        await _copy(lanes[2], "user_preferences", _PREFERENCES, people.preferences())

    await asyncio.gather(who(), where(), about())


async def _copy_books(lanes: Sequence[asyncpg.Connection], books: Books, size: Size, meter: Meter) -> None:
    meter.begin("transactions", size.transactions)
    chunks = books.chunks(_CHUNK)
    chunk = await asyncio.to_thread(next, chunks, None)
    while chunk is not None:
        # The next one is made while this one is on its way.
        following, *_ = await asyncio.gather(
            asyncio.to_thread(next, chunks, None),
            _copy(lanes[0], "transfers", _TRANSFERS, chunk.transfers, meter),
            _copy_recharges(lanes[1], chunk),
            _copy_plans(lanes[2], chunk),
        )
        chunk = following
    meter.begin("wallets and lines", size.users)
    await asyncio.gather(
        _copy(lanes[0], "wallets", _WALLETS, books.wallets(), meter),
        _copy(lanes[1], "lines", ("phone_number",), books.lines()),
    )


async def _copy_recharges(lane: asyncpg.Connection, chunk: Chunk) -> None:
    await _copy(lane, "recharges", _RECHARGES, chunk.recharges)
    await _copy(lane, "payments", _PAYMENTS, chunk.payments)


async def _copy_plans(lane: asyncpg.Connection, chunk: Chunk) -> None:
    await _copy(lane, "active_plans", _ACTIVE_PLANS, chunk.active_plans)
    await _copy(lane, "payment_orders", _PAYMENT_ORDERS, chunk.payment_orders)
    await _copy(lane, "fulfilments", _FULFILMENTS, chunk.fulfilments)
    await _copy(lane, "adjustments", _ADJUSTMENTS, chunk.adjustments)


async def _copy(
    lane: asyncpg.Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    meter: Meter | None = None,
) -> None:
    counted = rows if meter is None else _counted(rows, meter)
    await lane.copy_records_to_table(table, records=counted, columns=columns)


def _counted(rows: Iterable[tuple[Any, ...]], meter: Meter) -> Iterator[tuple[Any, ...]]:
    number = 0
    for number, row in enumerate(rows, 1):
        if number % _REPORT_EVERY == 0:
            meter.advance(_REPORT_EVERY)
        yield row
    meter.advance(number % _REPORT_EVERY)
