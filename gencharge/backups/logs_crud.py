"""The logs of the work on backups, in MongoDB (collection `backup_logs`): a document for each line, with its instant in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from gencharge.core.stores.mongo import Document
from gencharge.core.values.ids import new_id

COLLECTION: Final = "backup_logs"
KEEP_SECONDS: Final = 400 * 24 * 3600
_INDEXES: Final = (
    IndexModel([("run_id", ASCENDING), ("_id", ASCENDING)], name="run"),
    IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=KEEP_SECONDS),
)
Db = AsyncDatabase[Document]


async def add_line(documents: Db, run_id: UUID, *, at: datetime, level: str, text: str) -> None:
    """Write a line. Raises PyMongoError."""
    # Cheap if the indexes exist; a database that was dropped or restored gets them back.
    await documents[COLLECTION].create_indexes(list(_INDEXES))
    line = {"_id": new_id(), "run_id": run_id, "at": at, "level": level, "text": text}
    await documents[COLLECTION].insert_one(line)


async def list_lines(documents: Db, run_id: UUID, *, after: UUID | None, limit: int) -> list[Document]:
    """The lines of a run after this one, the first one first. Raises PyMongoError."""
    condition: Document = {"run_id": run_id}
    if after is not None:
        condition["_id"] = {"$gt": after}
    return await documents[COLLECTION].find(condition).sort("_id", ASCENDING).limit(limit).to_list()
