"""MongoDB: notices, content, the audit trail. Never on the way of money."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from gencharge.core.config import Settings

Document = dict[str, Any]


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
    )


def is_away(error: BaseException) -> bool:
    """True where the store can't be reached at all: waiting helps, and nothing is wrong with what was sent."""
    return isinstance(
        error, ServerSelectionTimeoutError | NetworkTimeout | ConnectionFailure | ExecutionTimeout
    )


def get_documents(request: Request) -> AsyncDatabase[Document]:
    """The process's document database."""
    documents: AsyncDatabase[Document] = request.app.state.stores.documents
    return documents


Documents = Annotated[AsyncDatabase[Document], Depends(get_documents)]
DocumentError = PyMongoError
