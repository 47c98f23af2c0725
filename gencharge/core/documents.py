"""Documents written once and read in time: what the rooms that keep them in MongoDB have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pymongo
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from gencharge.core.document_db import Document, is_away
from gencharge.core.errors import DocumentsUnavailable

_DUPLICATE_KEY: Final = 11000


@contextmanager
def answering(documents: AsyncDatabase[Document]) -> Iterator[None]:
    """The operations of a request: done within the time in which a server must be found (MONGO_TIMEOUT_MS).

    Raises DocumentsUnavailable where the store is away, or does not answer in that time.
    """
    try:
        with pymongo.timeout(documents.client.options.server_selection_timeout):
            yield
    except PyMongoError as error:
        if is_away(error) or error.timeout:
            raise DocumentsUnavailable from error
        raise


async def add_once(collection: AsyncCollection[Document], found: Sequence[Document]) -> None:
    """Insert the documents whose `_id` is not there yet; the others stay as they are.

    Raises PyMongoError when any of them could not be written; the others have been.
    """
    if not found:
        return
    try:
        await collection.insert_many(found, ordered=False)
    except BulkWriteError as error:
        details: Any = error.details or {}
        problems = details.get("writeErrors", [])
        if details.get("writeConcernErrors") or any(p["code"] != _DUPLICATE_KEY for p in problems):
            raise
