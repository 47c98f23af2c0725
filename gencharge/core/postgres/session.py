"""Does a new connection have the session that it asked for? What stands between us and PostgreSQL may have dropped it.

A pooler such as PgBouncer refuses the parameters of a session that it does not know or, told to ignore them, drops them:
then we would act as the login itself, which may change history, and without any time-out. And a pooler that hands a
server's connection to another client after each transaction lets clients meet each other's prepared statements, unless it
keeps them apart (PgBouncer 1.21 with `max_prepared_statements`) or nobody keeps any (`DATABASE_STATEMENT_CACHE_SIZE=0`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from gencharge.core.errors import DatabaseUnavailable

# What a session is compared by, as it is called when a connection starts. `jit` only costs time.
CHECKED: Final = (
    "role",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "timezone",
    "default_transaction_read_only",
)
_LOOK: Final = (
    "SELECT current_user::text AS role, current_setting('lock_timeout') AS lock_timeout,"
    " current_setting('statement_timeout') AS statement_timeout,"
    " current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout,"
    " current_setting('timezone') AS timezone,"
    " current_setting('default_transaction_read_only') AS default_transaction_read_only, pg_backend_pid() AS pid"
)
_UNITS: Final = {"": 1, "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION: Final = re.compile(r"(\d+)(ms|s|min|h|d|)")
_MET: Final = "SELECT count(*) FROM pg_prepared_statements WHERE name = 'gencharge_probe'"


class SessionNotOurs(DatabaseUnavailable):
    """The service is temporarily unavailable. Nothing was changed; try again soon."""


@asynccontextmanager
async def _one_transaction(connection: asyncpg.Connection[Any]) -> AsyncIterator[None]:
    """A transaction on a connection that is thrown away if anything goes wrong, as asyncpg's own is not: it would roll back.

    A server that gave no answer gives none to a ROLLBACK either, and the caller would wait for it as long again.
    """
    transaction = connection.transaction()
    try:
        await transaction.start()
        yield
        await transaction.commit()
    except BaseException:
        connection.terminate()
        raise


async def differences(connection: asyncpg.Connection[Any], asked: Mapping[str, str]) -> list[str]:
    """What of the session is not as it was asked for, a few words each; empty if all is well. Raises what the driver raises."""
    # One transaction, and a statement without a name: whatever the pooler does, both of its steps meet the same server.
    async with _one_transaction(connection):
        statement = await connection.prepare(_LOOK, name="")
        actual = await statement.fetchrow()
    assert actual is not None, "it has no condition"
    return [
        f"{name} is {actual[name]}, not {asked[name]}"
        for name in CHECKED
        if name in asked and not _fits(name, actual[name], asked[name])
    ]


async def is_pooled(connection: asyncpg.Connection[Any]) -> bool:
    """Whether a pooler stands in between: it tells its clients another process than the one that PostgreSQL runs for them."""
    async with _one_transaction(connection):
        statement = await connection.prepare("SELECT pg_backend_pid()", name="")
        pid = await statement.fetchval()
    return bool(pid != connection.get_server_pid())


async def meets_others(one: asyncpg.Connection[Any], other: asyncpg.Connection[Any]) -> bool:
    """Whether two clients that are both connected see each other's prepared statements."""
    try:
        statement = await one.prepare("SELECT 1", name="gencharge_probe")
        # Used once: only then does a pooler give the server's connection to the next client.
        await statement.fetchval()
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError):
        return True  # another process that began has one of this name, or ours is on another connection
    async with _one_transaction(other):
        look = await other.prepare(_MET, name="")
        return bool(await look.fetchval())


def _fits(name: str, actual: str, asked: str) -> bool:
    """Whether a value does what was asked for. A pooler gives all of our sessions one time-out: a shorter one is as safe."""
    if not name.endswith("_timeout"):
        return actual == asked
    return 0 < _milliseconds(actual) <= _milliseconds(asked)


def _milliseconds(duration: str) -> int:
    """A duration, as it is asked for or as PostgreSQL shows it: 2000 is 2s."""
    number, unit = _DURATION.fullmatch(duration).groups()  # type: ignore[union-attr] # PostgreSQL writes no other form
    return int(number) * _UNITS[unit]
