"""Tells all API processes which sessions ended, after the transaction that ended them has committed."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from redis.asyncio import Redis
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as SyncSession

from gencharge.core import telemetry
from gencharge.core.stores.redis import is_away
from gencharge.sessions.gate import Gate

CHANNEL: Final = "gencharge:sessions:ended"
log = telemetry.get_logger(__name__)


class Announcer:
    """Tells the process's own gate at once, and the other processes through Redis."""

    def __init__(self, gate: Gate, redis: Redis) -> None:
        self._gate = gate
        self._redis = redis
        self._publishing: set[asyncio.Task[None]] = set()

    def announce(self, session_ids: list[UUID]) -> None:
        """Refuse these sessions here, and publish them. Does not wait for Redis."""
        self._gate.end(session_ids)
        task = asyncio.get_running_loop().create_task(self._publish(session_ids))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    async def _publish(self, session_ids: list[UUID]) -> None:
        try:
            await self._redis.publish(CHANNEL, " ".join(map(str, session_ids)))
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("sessions_ended_not_published", error=type(error).__name__)


# By engine, because a test runs several applications in one process, each with its own engine.
_announcers: WeakKeyDictionary[Engine, Announcer] = WeakKeyDictionary()


def register(engine: Engine, announcer: Announcer) -> None:
    """Announce what transactions of this engine end."""
    _announcers[engine] = announcer


def unregister(engine: Engine) -> None:
    """Announce nothing more for this engine."""
    _announcers.pop(engine, None)


def after_commit(db: AsyncSession, session_ids: list[UUID]) -> None:
    """Announce that these sessions ended, once the running transaction has committed.

    A process without an announcer (a worker, a command) announces nothing; the API processes poll PostgreSQL.
    """
    engine = db.get_bind()
    announcer = _announcers.get(engine) if isinstance(engine, Engine) else None
    if announcer is None or not session_ids:
        return

    def announce(_session: SyncSession) -> None:
        announcer.announce(session_ids)

    event.listen(db.sync_session, "after_commit", announce, once=True)
