"""The three stores of one process, opened and closed together."""

from __future__ import annotations

from dataclasses import dataclass

from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from gencharge.core.postgres.database import Database
from gencharge.core.settings import Settings
from gencharge.core.stores import mongo, redis
from gencharge.core.stores.mongo import Document


@dataclass(frozen=True, slots=True)
class Stores:
    """What `app.state.stores` and the worker hold."""

    settings: Settings
    database: Database
    mongo: AsyncMongoClient[Document]
    documents: AsyncDatabase[Document]
    redis: Redis

    @classmethod
    def open(cls, settings: Settings, *, name: str = "gencharge") -> Stores:
        """Make the clients; none of them connects before its first use."""
        client = mongo.connect(settings)
        return cls(
            settings=settings,
            database=Database(settings, name=name),
            mongo=client,
            documents=client[settings.mongo_database],
            redis=redis.connect(settings),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.database.close()
        await self.mongo.close()
        await self.redis.aclose()
