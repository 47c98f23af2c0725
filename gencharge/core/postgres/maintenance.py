"""Whether the installation is closed for maintenance: a restore in place closes it, and every process sees that within two seconds.

The note is the comment of the live database (PostgreSQL, COMMENT ON DATABASE): it is read with any login, it goes with its database when
that is renamed, and it is changed in the transaction that renames. So it is outside of what a restore replaces, and never half changed.
A closed database also refuses writes (`default_transaction_read_only`), so a process that has not looked yet changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from gencharge.core import telemetry
from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.stopping import raise_if_cancelled

# What the comment of a database begins with while a restore in place is under way; JSON follows.
PREFIX: Final = "gencharge restore "
POLL_SECONDS: Final = 0.5
CURE: Final = "if no restore runs any more: gencharge backup restore --resume"
_NOTE: Final = """
    SELECT oid::bigint AS oid, shobj_description(oid, 'pg_database') AS note,
        extract(epoch FROM clock_timestamp())::float8 AS instant
    FROM pg_database WHERE datname = current_database()
"""
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """What the live database says: which database it is, the journal of a restore in place, empty if there is none, and what time it is
    (seconds since 1970)."""

    oid: int
    journal: Mapping[str, Any] = field(default_factory=dict)
    instant: float = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether nothing may be served."""
        return bool(self.journal.get("closed"))


def journal_of(comment: str | None) -> dict[str, Any]:
    """The journal in the comment of a database; empty if it is another comment, or none."""
    if comment is None or not comment.startswith(PREFIX):
        return {}
    try:
        journal: dict[str, Any] = orjson.loads(comment.removeprefix(PREFIX))
    except orjson.JSONDecodeError:
        return {}
    return journal


def comment_of(journal: Mapping[str, Any]) -> str:
    """The comment that holds a journal."""
    return PREFIX + orjson.dumps(dict(journal)).decode()


async def read(database: Database) -> Note:
    """What the live database says. Raises DatabaseUnavailable."""
    row = await database.fetch_row(_NOTE)
    assert row is not None, "a session is in a database"
    return Note(int(row["oid"]), journal_of(row["note"]), row["instant"])


class Maintenance:
    """What one process knows about it. `is_closed`: nothing is served, and nothing is claimed."""

    def __init__(self) -> None:
        self.is_closed = False
        self._oid: int | None = None

    async def watch(
        self,
        settings: Settings,
        *,
        on_close: Callable[[], Awaitable[None]] | None = None,
        on_other: Callable[[], Awaitable[None]] | None = None,
        on_instant: Callable[[float, float], Awaitable[None]] | None = None,
    ) -> None:
        """Look twice a second until cancelled. `on_close` is called when it closes; `on_other` before it opens again with another
        database in the place of the one that this process began with: whatever it holds in memory is of the other one. `on_instant`
        gets each time what time it is there (seconds since 1970), and how many seconds the answer took."""
        # A connection of its own: under load those of the requests are all taken.
        database = Database(settings, name="gencharge-maintenance")
        try:
            while True:
                try:
                    began_at = time.monotonic()
                    note = await read(database)
                    if on_instant is not None:
                        await on_instant(note.instant, time.monotonic() - began_at)
                    await self._look(note, on_close, on_other)
                except Exception as error:
                    raise_if_cancelled()
                    # Away, or in the moment between two names: what was known stays true.
                    log.debug("maintenance_not_read", error=type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await database.close()

    async def _look(
        self,
        note: Note,
        on_close: Callable[[], Awaitable[None]] | None,
        on_other: Callable[[], Awaitable[None]] | None,
    ) -> None:
        if note.is_closed:
            if not self.is_closed:
                self.is_closed = True
                log.warning("closed_for_restore", step=note.journal.get("step"), cure=CURE)
                if on_close is not None:
                    await on_close()
            self._oid = self._oid or note.oid
            return
        if self._oid not in {None, note.oid}:
            self.is_closed = True
            if on_other is not None:
                await on_other()
            log.warning("database_replaced")
        self._oid = note.oid
        if self.is_closed:
            self.is_closed = False
            log.warning("open_again")


async def wait_until_open(settings: Settings) -> None:
    """Return when the database does not say that it is closed, or can't be asked: then the next statement fails by itself."""
    database = Database(settings, name="gencharge-maintenance")
    logged = False
    try:
        while True:
            try:
                note = await read(database)
            except Exception:
                raise_if_cancelled()
                return
            if not note.is_closed:
                return
            if not logged:
                log.warning("closed_for_restore", step=note.journal.get("step"), cure=CURE)
                logged = True
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await database.close()
