"""PostgreSQL: sessions for the ordinary work, one-statement calls for the hot paths, transactions at the edge.

Only the edge commits: a request's `Db` dependency, a job, a delivered event. The commit is before the answer
leaves (`Depends(..., scope="function")`). A unit of work that PostgreSQL aborts in favour of another one (40001,
40P01) is run again, at most five times; a database that is away is `DatabaseUnavailable`, 503.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from uuid import uuid4

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import DateTime, MetaData, bindparam, func, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, MappedColumn, mapped_column

from gencharge.core import telemetry
from gencharge.core.errors import Conflict, DatabaseUnavailable, Problem, Unavailable
from gencharge.core.postgres import session, statement_spans
from gencharge.core.postgres.connection import (
    MARGIN_SECONDS,
    BoundedConnection,
    allow_long_statements,
    is_given_up,
    on_connect,
    outcome_unknown,
    watch,
)
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans
from gencharge.core.values import clock

T = TypeVar("T")
ATTEMPTS: Final = 5
NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# SQLSTATE: serialization_failure, deadlock_detected.
_RETRIED: Final = frozenset({"40001", "40P01"})
# Classes 08 (connection), 53 (resources: disk full, too many connections) and the 57P states (shutting down,
# crashed, starting up), read_only_sql_transaction (a stale primary), query_canceled (statement_timeout).
_AWAY: Final = frozenset({"57P01", "57P02", "57P03", "25006", "57014"})


class Base(DeclarativeBase):
    """All tables of all rooms."""

    metadata = MetaData(naming_convention=NAMING)


def stamp() -> MappedColumn[datetime]:
    """A column that says when its row was written: the database's instant, or the one that the clock is held at.

    For rows that SQLAlchemy inserts. A statement in SQL hands the held instant over itself.
    """
    instant = DateTime(timezone=True)
    held = bindparam("held", callable_=clock.pinned, type_=instant, unique=True)
    return mapped_column(instant, default=func.statement_time(held, type_=instant), server_default=func.now())


class WriteConflict(Unavailable):
    """Another request changed the same data at the same time. Nothing was changed; try again."""

    retry_after_seconds = 1


class ResourceLocked(Conflict):
    """Another request is changing the same data. Try again in a moment."""


class DatabaseReadOnly(DatabaseUnavailable):
    """The service is temporarily unavailable. Nothing was changed; try again soon."""


# What was said of a session already, in this process.
_reported = set[str]()
SESSION_CURE: Final = "a pooler drops what a session starts with: give it the connect_query of docs/how-to/poolers.md, or connect directly"
log = telemetry.get_logger(__name__)


class Database:
    """The engine and the fast pool of one process. Connects on first use, so a database that is away stops no start."""

    def __init__(
        self,
        settings: Settings,
        *,
        name: str = "gencharge",
        command_seconds: float | None = None,
        read_only: bool = False,
    ) -> None:
        """`command_seconds`: when we give a statement up; by default a little after PostgreSQL ends it itself. `read_only`: PostgreSQL
        refuses every write."""
        self.settings = self._settings = settings
        self._name = name
        self._read_only = read_only
        allowed_ms = settings.database_statement_timeout_ms
        self._command_seconds = command_seconds or allowed_ms / 1000 + MARGIN_SECONDS
        # A server that is well ends a statement before we give it up.
        self._statement_timeout_ms = min(allowed_ms, max(1, int(self._command_seconds * 900)))
        self.engine: AsyncEngine = create_async_engine(
            # The driver reads the URL itself, as it does for the fast pool: SQLAlchemy would read some in another way.
            "postgresql+asyncpg://",
            pool_size=settings.database_pool_size,
            max_overflow=settings.database_pool_size,
            pool_timeout=settings.database_pool_timeout_seconds,
            pool_pre_ping=False,
            pool_use_lifo=True,
            # No exception carries a statement's values: names and addresses would reach the log.
            hide_parameters=True,
            connect_args={"dsn": settings.postgres_url, **self._statement_names(), **self.connect_options()},
        )
        watch(self.engine, command_seconds=self._command_seconds)
        on_connect(self.engine, self._check_session)
        if spans.tracer is not None:
            statement_spans.watch(self.engine)
        # What a process keeps one of for each database, by its class (`core.vault`).
        self.companions: dict[type, object] = {}
        self._sessions = async_sessionmaker(
            self.engine, expire_on_commit=False, autoflush=True, info={"database": self}
        )
        self._fast: asyncpg.Pool[asyncpg.Record] | None = None
        # Those that hold one of its connections or wait for one.
        self._fast_asked = 0
        self._opening = asyncio.Lock()

    def connect_options(self, **more: str) -> dict[str, Any]:
        """What every connection to this database is opened with, beside the URL; `more`: settings of its session."""
        settings = self._settings
        server_settings = {
            "application_name": self._name,
            "timezone": "UTC",
            "jit": "off",
            "lock_timeout": str(settings.database_lock_timeout_ms),
            "statement_timeout": str(self._statement_timeout_ms),
            "idle_in_transaction_session_timeout": "30000",
            **more,
        }
        if self._read_only:
            server_settings["default_transaction_read_only"] = "on"
        if settings.database_app_role:
            server_settings["role"] = settings.database_app_role
        return {
            "statement_cache_size": settings.database_statement_cache_size,
            "timeout": settings.database_pool_timeout_seconds,
            "command_timeout": self._command_seconds,
            "connection_class": BoundedConnection,
            "server_settings": server_settings,
        }

    def _statement_names(self) -> dict[str, Any]:
        """Without a cache no statement may have a name that another client of the same pooler uses, too."""
        if self._settings.database_statement_cache_size:
            return {}
        return {
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"gencharge_{uuid4().hex}",
        }

    async def _check_session(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        """Compare a new connection's session with what it asked for. Raises SessionNotOurs in production."""
        wrong = await session.differences(connection, self.connect_options()["server_settings"])
        if not wrong:
            return
        problem = ", ".join(wrong)
        if not self._settings.is_development:
            log.error("session_not_ours", problem=problem, cure=SESSION_CURE)
            raise session.SessionNotOurs
        if problem not in _reported:
            _reported.add(problem)
            log.warning("session_not_ours", problem=problem, cure=SESSION_CURE)

    async def close(self) -> None:
        """Give all connections back."""
        if self._fast is not None:
            self._fast.terminate()
        await self.engine.dispose()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One unit of work: commits at the end, rolls back on an exception.

        Raises WriteConflict if PostgreSQL aborted the unit, DatabaseUnavailable if it is away.
        """
        session = self._sessions()
        try:
            yield session
            await session.commit()
        except BaseException as error:
            with suppress(Exception):  # the connection may be gone; the first error is the one to report
                await session.rollback()
            problem = problem_of(error)
            if problem is not None and problem is not error:
                raise problem from error
            raise
        finally:
            with suppress(Exception):
                await session.close()

    async def ping(self) -> None:
        """Ask PostgreSQL whether it takes writes. Raises DatabaseReadOnly, or what the driver raises if it is away."""
        async with self.engine.connect() as connection:
            answer = await connection.execute(text("SELECT current_setting('transaction_read_only')"))
            if not self._read_only and answer.scalar_one() == "on":
                raise DatabaseReadOnly

    async def run(self, unit: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `unit` in a transaction of its own, again if PostgreSQL gave it up for another one's sake."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.transaction() as db:
                    return await unit(db)
            except WriteConflict:
                if attempt == ATTEMPTS:
                    raise
                await back_off(attempt)
        raise AssertionError("unreachable")

    async def fetch_row(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        """One statement, one round trip, its own transaction: for the hot paths.

        The same retries and errors as `run`.
        """
        for attempt in range(1, ATTEMPTS + 1):
            self._fast_asked += 1
            try:
                pool = self._fast or await self._open_fast_pool()
                # A time limit costs a task and a timer. With a place in the pool nothing is waited for but a new connection, which
                # has a time limit of its own.
                is_full = self._fast_asked > self._settings.database_fast_pool_size
                patience = self._settings.database_pool_timeout_seconds if is_full else None
                async with pool.acquire(timeout=patience) as connection:
                    try:
                        if spans.tracer is not None:
                            return await statement_spans.fetch_row(connection, statement, arguments)
                        return await connection.fetchrow(statement, *arguments)
                    except Exception as error:
                        if is_given_up(error):
                            connection.terminate()
                            raise outcome_unknown() from error
                        raise
            except Exception as error:
                problem = problem_of(error)
                if not isinstance(problem, WriteConflict) or attempt == ATTEMPTS:
                    if problem is None:
                        raise
                    raise problem from error
            finally:
                self._fast_asked -= 1
            await back_off(attempt)
        raise AssertionError("unreachable")

    async def _open_fast_pool(self) -> asyncpg.Pool[asyncpg.Record]:
        async with self._opening:
            if self._fast is None:
                self._fast = await asyncpg.create_pool(
                    self._settings.postgres_url,
                    min_size=0,
                    max_size=self._settings.database_fast_pool_size,
                    max_inactive_connection_lifetime=300,
                    # Single statements leave nothing behind to reset, so no round trip for it at each release.
                    reset=_nothing_to_reset,
                    init=self._check_session,
                    # All of them are look-ups by key. A plan that was made while a table was still empty must not
                    # stay a sequential scan for as long as the connection lives.
                    **self.connect_options(enable_seqscan="off"),
                )
        return self._fast


async def _nothing_to_reset(_connection: object) -> None:
    return None


async def read_one_snapshot(db: AsyncSession) -> None:
    """Let all reads of the transaction, which has only begun, see the same instant, for as long as they take.

    What commits while they run is invisible to them. The transaction can't write. Its statements may take an hour.
    """
    await db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    await allow_long_statements(db)


async def back_off(attempt: int) -> None:
    """Wait a little, longer at each attempt, with jitter so that rivals don't meet again."""
    await asyncio.sleep(random.uniform(0.5, 1.5) * 0.005 * 2**attempt)  # noqa: S311 - jitter, not a secret


def sqlstate_of(error: BaseException) -> str | None:
    """The SQLSTATE of an asyncpg or SQLAlchemy error."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return str(state) if state else None


def problem_of(error: BaseException) -> Problem | None:
    """What an error of the database layer means to a client; None if it is not one of availability."""
    if isinstance(error, Problem):
        return error
    state = sqlstate_of(error)
    if state in _RETRIED:
        return WriteConflict()
    if state == "55P03":
        return ResourceLocked()
    if state is not None and (state[:2] in {"08", "53"} or state in _AWAY):
        return DatabaseUnavailable()
    if isinstance(error, DBAPIError):
        gone = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        return DatabaseUnavailable() if gone else None
    unavailable = PoolTimeout | asyncpg.InterfaceError | asyncpg.InternalClientError | OSError | TimeoutError
    if isinstance(error, unavailable):
        return DatabaseUnavailable()
    return None


def get_database(request: Request) -> Database:
    """The process's database."""
    database: Database = request.app.state.stores.database
    return database


async def get_db(request: Request) -> AsyncIterator[AsyncSession]:
    """A request's one transaction; committed before the answer is sent."""
    async with get_database(request).transaction() as db:
        yield db


Db = Annotated[AsyncSession, Depends(get_db, scope="function")]
