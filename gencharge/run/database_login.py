"""What the application's login to PostgreSQL may do: enough to run, and no more than it should."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import psycopg

if TYPE_CHECKING:
    from gencharge.core.settings import Settings

_TIMEOUT_SECONDS: Final = 3
_NO_TABLES: Final = "The database {database} has no tables of GenCharge yet: run `gencharge migrate`"
_NOT_IN_ROLE: Final = "DATABASE_URL: the login {login} may not act as {role}; as an administrator of PostgreSQL run GRANT {role} TO {login}"
_MEETS_OTHERS: Final = (
    "a pooler lets clients meet each other's prepared statements; set DATABASE_STATEMENT_CACHE_SIZE=0, or use PgBouncer 1.21 or"
    " newer with max_prepared_statements"
)
_LOOK: Final = """
    SELECT session_user::text, current_database()::text, to_regclass('public.alembic_version') IS NOT NULL,
           $1 = '' OR coalesce((SELECT pg_has_role(session_user, oid, 'SET') FROM pg_roles WHERE rolname = $1), false)
"""


def owns_tables(url: str) -> bool:
    """Whether who signs in with this URL may do what the tables' owner may. Raises psycopg.Error."""
    with psycopg.connect(url, connect_timeout=_TIMEOUT_SECONDS) as connection:
        row = connection.execute(
            "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND pg_has_role(session_user, tableowner, 'MEMBER')"
        ).fetchone()
    return row is not None


def problem_with(settings: Settings) -> str | None:
    """Why nothing can work with DATABASE_URL's login until somebody acts: a line with what to do.

    None if all is well, or if PostgreSQL does not answer: that passes by itself.
    """
    return asyncio.run(_problem_with(settings))


async def _problem_with(settings: Settings) -> str | None:
    # Not psycopg, which does not say why a login was refused but in words of the server's language.
    import asyncpg

    role = settings.database_app_role
    try:
        connection = await asyncpg.connect(settings.postgres_url, timeout=_TIMEOUT_SECONDS)
        try:
            login, database, has_tables, may_act = await connection.fetchrow(
                _LOOK, role, timeout=_TIMEOUT_SECONDS
            )
        finally:
            await connection.close(timeout=_TIMEOUT_SECONDS)
    except (asyncpg.InvalidCatalogNameError, asyncpg.InvalidAuthorizationSpecificationError) as refused:
        return f"PostgreSQL at {without_password(settings.postgres_url)}: {refused}; correct DATABASE_URL"
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return None
    if not has_tables:
        return _NO_TABLES.format(database=database)
    return None if may_act else _NOT_IN_ROLE.format(login=login, role=role)


def session_problem(settings: Settings) -> str | None:
    """Why a session on DATABASE_URL is not what it asks to be, as behind a pooler; a line with what to do. None: all is well, or
    PostgreSQL does not answer.
    """
    return asyncio.run(_session_problem(settings))


async def _session_problem(settings: Settings) -> str | None:
    import asyncpg

    from gencharge.core.postgres import session
    from gencharge.core.postgres.database import SESSION_CURE, Database

    options = Database(settings).connect_options() | {"timeout": _TIMEOUT_SECONDS}
    where = f"PostgreSQL at {without_password(settings.postgres_url)}"
    try:
        async with AsyncExitStack() as stack:
            one, other = [await asyncpg.connect(settings.postgres_url, **options) for _ in range(2)]
            stack.callback(one.terminate)
            stack.callback(other.terminate)
            if wrong := await session.differences(one, options["server_settings"]):
                return f"{where}: {', '.join(wrong)}; {SESSION_CURE}"
            keeps_statements = settings.database_statement_cache_size > 0 and await session.is_pooled(one)
            if keeps_statements and await session.meets_others(one, other):
                return f"{where}: {_MEETS_OTHERS}"
    except asyncpg.ProtocolViolationError as refused:
        return f"{where}: {refused}; {SESSION_CURE}"
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        return None
    return None


def without_password(url: str) -> str:
    """`url` fit for a screen: no password, no options."""
    return unquote(re.sub(r"//[^@/]*@", "//", url.partition("?")[0]))
