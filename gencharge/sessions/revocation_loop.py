"""Keeps a process's gate informed of ended sessions: at once through Redis, and twice a second from PostgreSQL.

Redis is fast and may be away; polling is certain. A request does neither: it registers what it ended with the
`announcer`, which publishes it after the commit.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final
from uuid import UUID

from fastapi import FastAPI
from redis.asyncio import Redis

from gencharge.core import telemetry
from gencharge.core.postgres.database import Database
from gencharge.core.stopping import raise_if_cancelled
from gencharge.core.stores.redis import is_away
from gencharge.core.stores.stores import Stores
from gencharge.sessions import announcer, crud
from gencharge.sessions.gate import Gate

POLL_SECONDS: Final = 0.5
# A poll looks back this far beyond the one before: a revocation is visible only once its transaction commits.
OVERLAP_SECONDS: Final = 80.0
_RETRY_SECONDS: Final = 0.5
log = telemetry.get_logger(__name__)


async def watch_revocations(app: FastAPI, stores: Stores) -> None:
    """Keep the application's gate up to date for as long as the process runs."""
    gate = Gate.of(app)
    engine = stores.database.engine.sync_engine
    announcer.register(engine, announcer.Announcer(gate, stores.redis))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_poll(gate, stores.database))
            group.create_task(_subscribe(gate, stores.redis))
    finally:
        announcer.unregister(engine)


async def _poll(gate: Gate, database: Database) -> None:
    # The first poll reads all that must be remembered; the next ones what ended since the last that succeeded.
    window: float = gate.memory_seconds
    polled_at = time.monotonic()
    while True:
        try:
            started_at = time.monotonic()
            seconds = min(gate.memory_seconds, window + started_at - polled_at)
            ended, issued_from = await crud.read_ended_lately(database, seconds=seconds)
            gate.end(ended)
            if issued_from is not None:
                gate.end_issued_before(issued_from.timestamp())
            gate.informed.set()
            window, polled_at = OVERLAP_SECONDS, started_at
        except Exception as error:
            raise_if_cancelled()
            log.warning("sessions_poll_failed", error=type(error).__name__)
        gate.forget_expired()
        await asyncio.sleep(POLL_SECONDS)


async def _subscribe(gate: Gate, redis: Redis) -> None:
    while True:
        try:
            async with redis.pubsub() as channel:
                await channel.subscribe(announcer.CHANNEL)
                while True:
                    message = await channel.get_message(ignore_subscribe_messages=True, timeout=5.0)
                    if message is not None:
                        gate.end(_ids_of(message["data"]))
        except Exception as error:
            raise_if_cancelled()
            if not is_away(error):
                log.warning("sessions_subscription_failed", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)


def _ids_of(data: object) -> list[UUID]:
    return [UUID(part) for part in str(data).split()]
