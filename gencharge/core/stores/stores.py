"""The three stores of one process, opened and closed together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from gencharge.core import telemetry
from gencharge.core.postgres.database import Database
from gencharge.core.postgres.replica import Reading
from gencharge.core.settings import Settings
from gencharge.core.stores import mongo, redis
from gencharge.core.stores.mongo import Document

# A frozen server never answers the polite end of a connection.
CLOSE_SECONDS: Final = 1.0
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stores:
    """What `app.state.stores` and the worker hold."""

    settings: Settings
    database: Database
    mongo: AsyncMongoClient[Document]
    documents: AsyncDatabase[Document]
    redis: Redis
    # For what only reads and may be some seconds old: a replica, if there is one that keeps up.
    reading: Reading

    @classmethod
    def open(cls, settings: Settings, *, name: str = "gencharge", answers_requests: bool = False) -> Stores:
        """Make the clients; none of them connects before its first use.

        `answers_requests`: a client waits, so a statement times out after DATABASE_COMMAND_TIMEOUT_SECONDS.
        """
        command_seconds = settings.database_command_timeout_seconds if answers_requests else None
        client = mongo.connect(settings)
        database = Database(settings, name=name, command_seconds=command_seconds)
        return cls(
            settings=settings,
            database=database,
            mongo=client,
            documents=client[settings.mongo_database],
            redis=redis.connect(settings),
            reading=Reading(settings, database, name=name, command_seconds=command_seconds),
        )

    async def close(self) -> None:
        """Close all connections, side by side. A store that hangs or fails is left after CLOSE_SECONDS."""
        await asyncio.gather(
            _close("postgres", self.database.close()),
            _close("replica", self.reading.close()),
            _close("mongo", self.mongo.close()),
            _close("redis", self.redis.aclose()),
        )


async def _close(store: str, closing: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await closing
    except Exception as error:
        log.warning("store_not_closed", store=store, error=telemetry.scrub(repr(error)))
