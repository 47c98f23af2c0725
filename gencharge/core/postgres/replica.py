"""Reads that may be a moment old: figures, reports, long lists of what happened. They go to a replica while it keeps up, else to the primary.

Never what decides about money or rights: that asks `stores.database`, which is the primary.

How old is what the replica shows? Each second a process notes the primary's position in its log, with the instant, and how far the replica
has replayed it. The newest noted position that the replica has passed says up to which instant it is complete. So nothing is written
for it, no two clocks are compared, an idle primary makes no lag, and a replica whose connection is cut ages from that second on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Request
from prometheus_client import Counter, Gauge
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.postgres.database import Database, WriteConflict, sqlstate_of
from gencharge.core.settings import Settings
from gencharge.core.stopping import raise_if_cancelled

T = TypeVar("T")
HEADER: Final = "Replica-Lag"
MEASURE_SECONDS: Final = 1.0
# A replica that failed a read gets no other one for this time, however well it answers our short questions.
DISTRUST_SECONDS: Final = 5.0
# A replica that was further behind than this is told of as if it had just been found.
_POSITIONS: Final = 3_600
_LAG: Final = "replica_lag"
_TAKEN: Final = "replica_failed"
# The functions are looked up along the search path, as any are.
_WRITTEN: Final = text("""
    SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS position,
           (pg_control_system()).system_identifier AS cluster, current_database() AS name
""")
_REPLAYED: Final = text("""
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END AS position,
           (pg_control_system()).system_identifier AS cluster, current_database() AS name,
           current_setting('transaction_read_only') = 'on' AS reads_only,
           inet_server_addr() IS NULL OR coalesce(inet_server_addr() = inet_client_addr(), false)
               OR coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_private
""")
# Classes 28 (authorization) and 3D (no such database).
_NOT_LET_IN: Final = frozenset({"28", "3D"})
LAG: Final = Gauge(
    "gencharge_replica_lag_seconds",
    "How old what the read replica shows is at most; -1: not known, or there is none",
)
CONFIGURED: Final = Gauge("gencharge_replica_configured", "1 where a read replica is set")
USED: Final = Gauge("gencharge_replica_used", "1 while reads go to the replica")
FAILED: Final = Counter(
    "gencharge_replica_failed_reads_total", "Reads that the replica failed and the primary answered"
)
log = telemetry.get_logger(__name__)


class ReplicaNotUsed(Exception):
    """The replica can't be read from now; the message says why, for people."""


class ReplicaLost(Exception):
    """The replica failed in the middle of a read. The whole unit of work is to be run again, on the primary."""


class Reading:
    """Where reads go that may be a moment old. Without DATABASE_REPLICA_URL all of them go to the primary."""

    def __init__(
        self, settings: Settings, primary: Database, *, name: str, command_seconds: float | None = None
    ) -> None:
        """Connects to nothing yet. `command_seconds`: as for `Database`."""
        self._primary = primary
        self._max_lag = settings.database_replica_max_lag_seconds
        self._replica: Database | None = None
        if settings.replica_url:
            own = {
                "database_url": settings.replica_url,
                "database_pool_size": settings.database_replica_pool_size,
                "database_statement_timeout_ms": settings.database_replica_statement_timeout_ms,
            }
            self._replica = Database(
                settings.model_copy(update=own),
                name=f"{name}-replica",
                command_seconds=command_seconds,
                read_only=True,
            )
        self._positions = deque[tuple[float, int]](maxlen=_POSITIONS)
        self._complete_until: float | None = None
        self._replayed: int | None = None
        self._distrusted_until = float("-inf")
        # Whether what goes between us and the replica can be read on the way, by another machine: customers' data does.
        self._is_open = False
        # Why it is not used, for people.
        self.problem = "" if self._replica is None else "not measured yet"

    @property
    def has_replica(self) -> bool:
        """Whether there is a replica at all, in use or not."""
        return self._replica is not None

    @property
    def is_open(self) -> bool:
        """Whether the replica is on another machine and its connection is not encrypted, as far as it was measured."""
        return self._is_open

    @property
    def lag_seconds(self) -> float | None:
        """How old what the replica shows is at most, in seconds. It grows until the next measurement. None: not known."""
        return None if self._complete_until is None else time.monotonic() - self._complete_until

    @property
    def is_used(self) -> bool:
        """Whether reads go to the replica now."""
        lag = self.lag_seconds
        return lag is not None and lag <= self._max_lag and time.monotonic() >= self._distrusted_until

    async def close(self) -> None:
        """Give the replica's connections back."""
        if self._replica is not None:
            await self._replica.close()

    async def watch(self) -> None:
        """Measure, and measure again, until cancelled. Returns at once if there is no replica."""
        LAG.set(-1)
        CONFIGURED.set(self.has_replica)
        while self._replica is not None:
            was_used = self.is_used
            try:
                await self.measure()
            except Exception as error:
                raise_if_cancelled()
                # What it showed a second ago is of no use if it does not answer.
                self.problem, self._complete_until = "does not answer", None
                if was_used:
                    log.warning("replica_not_measured", error=telemetry.scrub(repr(error)))
            lag = self.lag_seconds
            LAG.set(-1 if lag is None else lag)
            USED.set(self.is_used)
            if was_used != self.is_used:
                log.info("replica_used" if self.is_used else "replica_not_used", lag_seconds=lag)
            await asyncio.sleep(MEASURE_SECONDS)

    async def measure(self) -> None:
        """Ask the primary where its log is, and the replica how far it has replayed it. Raises what the driver raises."""
        assert self._replica is not None, "there is a replica"
        at = time.monotonic()
        primary, replica = await _ask(self._primary, _WRITTEN), await _ask(self._replica, _REPLAYED)
        self.problem = self._judge(primary, replica)
        if self.problem:
            self._complete_until = None
            self._positions.clear()
            self._replayed = None
            return
        if not (replica.is_private or self._is_open):
            self._is_open = True
            log.warning("replica_not_encrypted", setting="DATABASE_REPLICA_URL")
        self._positions.append((at, primary.position))
        self._replayed = replica.position
        while self._positions and self._positions[0][1] <= replica.position:
            self._complete_until = self._positions.popleft()[0]
        lag = self.lag_seconds
        if lag is None or lag > self._max_lag:
            self.problem = "lags, or has just been found"

    async def catch_up(self) -> Database:
        """The replica, once it keeps up: for a command that is to read there and nowhere else. Waits as long as it may lag.

        Raises ReplicaNotUsed.
        """
        if self._replica is None:
            raise ReplicaNotUsed("There is no replica: set DATABASE_REPLICA_URL.")
        deadline = time.monotonic() + self._max_lag
        while not self.is_used:
            if time.monotonic() > deadline:
                raise ReplicaNotUsed(f"The replica (DATABASE_REPLICA_URL) {self.problem}.")
            try:
                await self.measure()
            except Exception as error:
                raise_if_cancelled()
                raise ReplicaNotUsed(
                    "The replica (DATABASE_REPLICA_URL) or the primary does not answer."
                ) from error
            if not self.is_used:
                await asyncio.sleep(MEASURE_SECONDS / 5)
        return self._replica

    def _judge(self, primary: Any, replica: Any) -> str:
        """What is wrong with what calls itself the replica; empty: nothing."""
        if replica.position is None:
            return "is not a replica: it takes writes"
        if not replica.reads_only:
            # Ours are opened for reading only; a pool between us and PostgreSQL may not keep to that.
            return "lets this login write: its sessions must be for reading only"
        if (replica.cluster, replica.name) != (primary.cluster, primary.name):
            return "is a replica of another database"
        if self._replayed is not None and self._replayed > primary.position:
            return "has what the primary does not have: it follows another one"
        return ""

    @asynccontextmanager
    async def transaction(self, *, primary_only: bool = False) -> AsyncIterator[AsyncSession]:
        """A unit of work that only reads: on the replica while that keeps up, and not `primary_only`.

        Raises ReplicaLost if the replica failed: run the unit again with `primary_only`. Else what `Database.transaction` raises.
        """
        replica = self._replica
        if replica is None or primary_only or not self.is_used:
            async with self._primary.transaction() as db:
                yield db
            return
        try:
            async with replica.transaction() as db:
                # Data keys and whatever else a process keeps for a database are the primary's.
                db.info.update({"database": self._primary, _LAG: self.lag_seconds})
                yield db
        except Exception as error:
            if not _is_its_own(error):
                raise
            self._distrusted_until = time.monotonic() + DISTRUST_SECONDS
            self.problem = "failed a read a moment ago"
            FAILED.inc()
            log.warning("replica_failed", error=telemetry.scrub(repr(error.__cause__ or error)))
            raise ReplicaLost from error

    async def run(self, unit: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run a unit that only reads; on the primary if the replica fails it. Raises what `Database.run` raises."""
        if self.is_used:
            try:
                async with self.transaction() as db:
                    return await unit(db)
            except ReplicaLost:
                pass
        return await self._primary.run(unit)


def lag_of(db: AsyncSession) -> float | None:
    """How old what this session reads is at most, in seconds; None: it reads from the primary."""
    lag: float | None = db.info.get(_LAG)
    return lag


def headers_of(lag: float | None) -> dict[str, str]:
    """The header that says how old an answer from the replica may be; none for one from the primary."""
    return {} if lag is None else {HEADER: f"{lag:.1f}"}


def leave_replica(scope: Any) -> None:
    """Let the request be answered by the primary when it is run again."""
    scope[_TAKEN] = True
    scope.pop(_LAG, None)


def lag_of_request(scope: Any) -> float | None:
    """How old what the request read is at most; None: it read from the primary, or nothing."""
    lag: float | None = scope.get(_LAG)
    return lag


async def get_reading_db(request: Request) -> AsyncIterator[AsyncSession]:
    """A request's one transaction, if it only reads and may show what is some seconds old."""
    scope, reading = request.scope, request.app.state.stores.reading
    async with reading.transaction(primary_only=_TAKEN in scope) as db:
        if (lag := lag_of(db)) is not None:
            scope[_LAG] = lag
        yield db


ReadingDb = Annotated[AsyncSession, Depends(get_reading_db, scope="function")]


def _is_its_own(error: Exception) -> bool:
    """Whether the replica is to blame: it is away, cancelled the statement for its log's sake, or lets us no longer in."""
    if isinstance(error, DatabaseUnavailable | WriteConflict):
        return True
    return (sqlstate_of(error) or "")[:2] in _NOT_LET_IN


@asynccontextmanager
async def open_for_reading(settings: Settings, *, name: str, on_replica: bool) -> AsyncIterator[Database]:
    """The database for a command that only reads: the primary, or the replica. Raises ReplicaNotUsed."""
    primary = Database(settings, name=name)
    reading = Reading(settings, primary, name=name)
    try:
        yield await reading.catch_up() if on_replica else primary
    finally:
        await reading.close()
        await primary.close()


async def _ask(database: Database, question: Any) -> Any:
    async with database.transaction() as db:
        return (await db.execute(question)).one()
