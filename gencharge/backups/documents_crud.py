"""What a backup reads from MongoDB and writes there, a collection at a time, as BSON: with PyMongo, no program of MongoDB's is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from bson.codec_options import CodecOptions
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps, loads
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from gencharge.backups.errors import BackupInvalid
from gencharge.core.settings import Settings

_BATCH_DOCUMENTS: Final = 1000
_BATCH_BYTES: Final = 4 * 1024 * 1024
# MongoDB's own limit of a document.
_MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024 + 16 * 1024
_SOCKET_MS: Final = 600_000
# An empty collection that says: all that was there is aside by now.
_ALL_ASIDE: Final = "gencharge_all_aside"


@contextmanager
def opened(settings: Settings, database: str | None = None) -> Iterator[Database[dict[str, Any]]]:
    """The document database of the settings, or another one of the same server. A write counts once it is in the journal."""
    client: MongoClient[dict[str, Any]] = MongoClient(
        settings.mongodb_url,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=settings.mongo_timeout_ms,
        socketTimeoutMS=_SOCKET_MS,
        w="majority",
        journal=True,
        appname="gencharge-backup",
    )
    try:
        yield client[database or settings.mongo_database]
    finally:
        client.close()


def get_version(documents: Database[dict[str, Any]]) -> str:
    """The version of the server."""
    return str(documents.client.server_info()["version"])


def list_collections(documents: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each collection's name, options and indexes, as extended JSON: what a restore makes before the documents and after them."""
    collections = sorted(documents.list_collections(), key=lambda each: str(each["name"]))
    return [
        {
            "name": each["name"],
            "options": dumps(each.get("options", {}), json_options=CANONICAL_JSON_OPTIONS),
            "indexes": [
                dumps(index, json_options=CANONICAL_JSON_OPTIONS)
                for index in documents[each["name"]].list_indexes()
                if index["name"] != "_id_"
            ],
        }
        for each in collections
        if each.get("type", "collection") == "collection" and not each["name"].startswith("system.")
    ]


def iterate_documents(documents: Database[dict[str, Any]], collection: str) -> Iterator[bytes]:
    """The documents of a collection as BSON, in the order of their ids."""
    for document in _raw(documents, collection).find({}, sort=[("_id", 1)], batch_size=_BATCH_DOCUMENTS):
        yield bytes(document.raw)


def count_documents(documents: Database[dict[str, Any]]) -> dict[str, int]:
    """How many documents each collection holds. Reads all ids."""
    return {name: documents[name].count_documents({}) for name in _own_names(documents)}


def add_collection(documents: Database[dict[str, Any]], description: dict[str, Any]) -> None:
    """Make an empty collection with its options."""
    documents.create_collection(str(description["name"]), **loads(description["options"]))


def add_indexes(documents: Database[dict[str, Any]], description: dict[str, Any]) -> None:
    """Make the indexes of a collection, all at once."""
    indexes = [_without(loads(index), "v", "ns") for index in description["indexes"]]
    if indexes:
        documents.command({"createIndexes": str(description["name"]), "indexes": indexes})


def add_documents(
    documents: Database[dict[str, Any]], collection: str, batches: Iterable[Sequence[RawBSONDocument]]
) -> None:
    """Write documents."""
    target = _raw(documents, collection)
    for batch in batches:
        target.insert_many(batch, ordered=False, bypass_document_validation=True)


def batches_of(pieces: Iterable[bytes]) -> Iterator[list[RawBSONDocument]]:
    """The documents in BSON that comes piece by piece. Raises BackupInvalid for what is no BSON."""
    batch, size, rest = list[RawBSONDocument](), 0, b""
    for piece in pieces:
        rest += piece
        at = 0
        while len(rest) - at >= 4:
            length = int.from_bytes(rest[at : at + 4], "little")
            if not 5 <= length <= _MAX_DOCUMENT_BYTES:
                raise BackupInvalid("The archive is damaged: a document of MongoDB has no possible length.")
            if len(rest) - at < length:
                break
            batch.append(RawBSONDocument(rest[at : at + length]))
            at, size = at + length, size + length
            if len(batch) >= _BATCH_DOCUMENTS or size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        rest = rest[at:]
    if rest:
        raise BackupInvalid("The archive is damaged: a document of MongoDB is cut off.")
    if batch:
        yield batch


def drop(documents: Database[dict[str, Any]]) -> None:
    """Delete the database."""
    documents.client.drop_database(documents.name)


def move_collections(documents: Database[dict[str, Any]], live: str, aside: str) -> None:
    """Bring the collections of `documents` into the database `live`, and what was there into `aside`.

    Each collection is moved by one command. Begun again after it was interrupted, it goes on where it stopped."""
    admin, present, before = documents.client.admin, documents.client[live], documents.client[aside]
    if _ALL_ASIDE not in before.list_collection_names():
        aside_names = set(before.list_collection_names())
        for name in _own_names(present):
            if name in aside_names:
                # It has that name only since it is whole: what is here is what MongoDB did not come to delete, or new and of no use.
                present.drop_collection(name)
            else:
                admin.command({"renameCollection": f"{live}.{name}", "to": f"{aside}.{name}"})
        before.create_collection(_ALL_ASIDE)
    for name in _own_names(documents):
        # MongoDB copies a collection into another database and deletes the source last: what is still here is whole.
        command = {"renameCollection": f"{documents.name}.{name}", "to": f"{live}.{name}", "dropTarget": True}
        admin.command(command)


def _own_names(documents: Database[dict[str, Any]]) -> list[str]:
    return sorted(name for name in documents.list_collection_names() if not name.startswith("system."))


def _raw(documents: Database[dict[str, Any]], collection: str) -> Collection[RawBSONDocument]:
    raw: Any = documents.get_collection(
        collection, codec_options=CodecOptions(document_class=RawBSONDocument)
    )
    return cast(Collection[RawBSONDocument], raw)


def _without(index: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in index.items() if name not in fields}
