"""A connection to PostgreSQL on which every statement is bounded at our end, too.

PostgreSQL's own `statement_timeout` ends a statement that takes too long. It does not help if the server stands still, or
if the network swallows packets: then nobody answers. So the client gives up as well, a little later. What became of the
statement is then unknown, the connection is of no use any more, and it is thrown away without a polite farewell, which
would wait for the same server.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from gencharge.core.errors import DatabaseUnavailable

# After so long without an acknowledgement of what was sent, the kernel gives a TCP connection up. Linux only.
UNACKNOWLEDGED_MS: Final = 5_000
# For what reads a whole table on one snapshot: the nightly checks, a reconciliation.
LONG_STATEMENT_SECONDS: Final = 3_600
# How much longer than PostgreSQL we wait, so that its own answer comes first if it is well.
MARGIN_SECONDS: Final = 2.0
_UNKNOWN: Final = (
    "We got no answer in time, so it is not known whether this went through. Look before you try again; a payment that is"
    " repeated with the same Idempotency-Key is made once."
)


class BoundedConnection(asyncpg.Connection):  # type: ignore[misc] # asyncpg has no types
    """asyncpg's connection: TCP notices packets that are swallowed, and the bound of its statements can change."""

    _config: Any  # a named tuple

    def __init__(self, protocol: Any, transport: Any, *arguments: Any) -> None:
        super().__init__(protocol, transport, *arguments)
        line = transport.get_extra_info("socket")
        if line is not None and line.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS)

    async def close(self, *, timeout: float | None = None) -> None:
        """Part from the server at once: a farewell would wait for one that stands still."""
        self.terminate()

    def bound(self, seconds: float) -> None:
        """Set the time-out of a statement, in seconds, from now on."""
        if self._config.command_timeout != seconds:
            self._config = self._config._replace(command_timeout=seconds)


def is_given_up(error: BaseException) -> bool:
    """True if the connection is of no use after the error: no answer in time, or one that asyncpg can't place."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, TimeoutError | asyncpg.InternalClientError):
        return True
    # SQLAlchemy wraps the errors of asyncpg into its own.
    return isinstance(getattr(cause, "__cause__", None), asyncpg.InternalClientError)


def outcome_unknown() -> DatabaseUnavailable:
    """The 503 of a statement that was sent and never answered."""
    return DatabaseUnavailable(_UNKNOWN)


def watch(engine: AsyncEngine, *, command_seconds: float) -> None:
    """Throw connections away whose statement timed out, and give each its usual bound when it comes back."""

    @event.listens_for(engine.sync_engine, "handle_error", retval=True)
    def _give_up(context: ExceptionContext) -> BaseException | None:
        if context.connection is None or not is_given_up(context.original_exception):
            return None
        pooled = context.connection.connection
        if pooled.driver_connection is not None:
            pooled.driver_connection.terminate()
        context.is_disconnect = True
        # The others may be well; one that is not times out when it is used.
        context.invalidate_pool_on_disconnect = False
        return outcome_unknown()

    @event.listens_for(engine.sync_engine.pool, "checkin")
    def _bound(adapter: Any, _record: Any) -> None:
        if adapter is not None:
            adapter.driver_connection.bound(command_seconds)


def on_connect(engine: AsyncEngine, look: Callable[[asyncpg.Connection[Any]], Awaitable[None]]) -> None:
    """Look at each new connection before its first use; what `look` raises, the one who wanted the connection gets."""

    @event.listens_for(engine.sync_engine, "connect")
    def _look(adapter: Any, _record: Any) -> None:
        try:
            adapter.run_async(look)
        except BaseException:
            adapter.driver_connection.terminate()
            raise


async def allow_long_statements(db: AsyncSession) -> None:
    """Give the statements of this transaction an hour, at both ends: the server's time-out, which the transaction's end restores, and ours."""
    await db.execute(text(f"SET LOCAL statement_timeout = '{LONG_STATEMENT_SECONDS}s'"))
    connection = await (await db.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, BoundedConnection), "the engine makes no other"
    driver.bound(LONG_STATEMENT_SECONDS + MARGIN_SECONDS)
