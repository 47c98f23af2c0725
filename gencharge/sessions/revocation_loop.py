"""Ended sessions, told to every process: at once through Redis, and within a second by asking PostgreSQL.

Redis is the fast way and may be away; the question each second is the sure one. Neither is part of a request: a
request that ends a session only notes it, and what was noted is told after its commit.
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as SyncSession

from gencharge.core import telemetry
from gencharge.core.postgres.database import Database
from gencharge.core.stores.redis import is_away
from gencharge.core.stores.stores import Stores
from gencharge.sessions import crud
from gencharge.sessions.gate import Gate

CHANNEL: Final = "gencharge:sessions:ended"
POLL_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 0.5
log = telemetry.get_logger(__name__)


class _Announcer:
    """Tells what one process ended: its own gate, then the others'."""

    def __init__(self, gate: Gate, redis: Redis) -> None:
        self._gate = gate
        self._redis = redis
        self._sending: set[asyncio.Task[None]] = set()

    def tell(self, session_ids: list[UUID]) -> None:
        self._gate.end(session_ids)
        task = asyncio.get_running_loop().create_task(self._publish(session_ids))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _publish(self, session_ids: list[UUID]) -> None:
        try:
            await self._redis.publish(CHANNEL, " ".join(map(str, session_ids)))
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("sessions_ended_not_published", error=type(error).__name__)


# Whose engine it is says whose process it is: a test runs several applications in one.
_announcers: WeakKeyDictionary[Engine, _Announcer] = WeakKeyDictionary()


def after_commit(db: AsyncSession, session_ids: list[UUID]) -> None:
    """Tell every process that these sessions ended, once the running transaction has committed."""
    engine = db.get_bind()
    announcer = _announcers.get(engine) if isinstance(engine, Engine) else None
    if announcer is None or not session_ids:
        return  # not an API process: the others find it in PostgreSQL

    def tell(_session: SyncSession) -> None:
        announcer.tell(session_ids)

    event.listen(db.sync_session, "after_commit", tell, once=True)


async def watch_revocations(app: FastAPI, stores: Stores) -> None:
    """Keep the application's gate up to date for as long as the process runs."""
    gate = Gate.of(app)
    _announcers[stores.database.engine.sync_engine] = _Announcer(gate, stores.redis)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_poll(gate, stores.database))
            group.create_task(_subscribe(gate, stores.redis))
    finally:
        _announcers.pop(stores.database.engine.sync_engine, None)


async def _poll(gate: Gate, database: Database) -> None:
    while True:
        try:
            ended = await database.run(lambda db: crud.list_revoked_lately(db, seconds=gate.memory_seconds))
            gate.end(ended)
        except Exception as error:
            log.warning("sessions_poll_failed", error=type(error).__name__)
        gate.forget_expired()
        await asyncio.sleep(POLL_SECONDS)


async def _subscribe(gate: Gate, redis: Redis) -> None:
    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(CHANNEL)
                while True:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=5.0)
                    if message is not None:
                        gate.end(_ids_of(message["data"]))
        except Exception as error:
            if not is_away(error):
                log.warning("sessions_subscription_failed", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)


def _ids_of(data: object) -> list[UUID]:
    return [UUID(part) for part in str(data).split()]
