"""MongoDB: notices, content, the audit trail. Never on the way of money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final

import pymongo
from fastapi import Depends, Request
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
)
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.settings import Settings
from gencharge.core.tracing import spans

Document = dict[str, Any]
_DUPLICATE_KEY: Final = 11000


def connect(settings: Settings) -> AsyncMongoClient[Document]:
    """A client; it connects on first use. A write counts once it is in the journal."""
    return AsyncMongoClient(
        settings.mongodb_url,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=settings.mongo_timeout_ms,
        connectTimeoutMS=settings.mongo_timeout_ms,
        socketTimeoutMS=settings.mongo_timeout_ms * 5,
        maxPoolSize=20,
        w="majority",
        journal=True,
        appname="gencharge",
        event_listeners=[] if spans.tracer is None else [_TracedCommands()],
    )


class _TracedCommands(CommandListener):
    """Each command of a request or a job that is traced is a span, with its name and its collection."""

    def __init__(self) -> None:
        self._running: dict[int, spans.Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        name, collection = event.command_name, str(event.command.get(event.command_name, ""))
        attributes: dict[str, spans.Value] = {"db.system.name": "mongodb", "db.operation.name": name}
        span = spans.child(f"{name} {collection}", spans.Kind.CLIENT, attributes)
        if span is not None:
            self._running[event.request_id] = span

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._end(event.request_id)

    def failed(self, event: CommandFailedEvent) -> None:
        self._end(event.request_id, str(event.failure.get("codeName", "failed")))

    def _end(self, request_id: int, error: str = "") -> None:
        span = self._running.pop(request_id, None)
        if span is not None:
            spans.end(span, error)


def is_away(error: BaseException) -> bool:
    """True if the store can't be reached at all: waiting helps, and nothing is wrong with what was sent."""
    return isinstance(
        error, ServerSelectionTimeoutError | NetworkTimeout | ConnectionFailure | ExecutionTimeout
    )


def get_documents(request: Request) -> AsyncDatabase[Document]:
    """The process's document database."""
    documents: AsyncDatabase[Document] = request.app.state.stores.documents
    return documents


Documents = Annotated[AsyncDatabase[Document], Depends(get_documents)]


@contextmanager
def answering(documents: AsyncDatabase[Document]) -> Iterator[None]:
    """The operations of a request: done within the time in which a server must be found (MONGO_TIMEOUT_MS).

    Raises DocumentsUnavailable if the store is away, or does not answer in that time.
    """
    try:
        with pymongo.timeout(documents.client.options.server_selection_timeout):
            yield
    except PyMongoError as error:
        if is_away(error) or error.timeout:
            raise DocumentsUnavailable from error
        raise


async def add_once(collection: AsyncCollection[Document], documents: Sequence[Document]) -> None:
    """Insert the documents whose `_id` is not there yet; the others stay as they are.

    Raises PyMongoError when any of them could not be written; the others have been.
    """
    if not documents:
        return
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        details: Any = error.details or {}
        problems = details.get("writeErrors", [])
        if details.get("writeConcernErrors") or any(p["code"] != _DUPLICATE_KEY for p in problems):
            raise
