"""Encrypts again what is in clear or under an older data key: batch by batch, beside a running installation.

There is no list of what is done. Each stored value names its data key, so a run that died is continued by any other.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import PyMongoError
from sqlalchemy import (
    Column,
    MetaData,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy import LargeBinary as Bytes
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.postgres.connection import allow_long_statements
from gencharge.core.postgres.database import Base, ResourceLocked, back_off
from gencharge.core.stores.mongo import Document, is_away
from gencharge.core.stores.stores import Stores
from gencharge.core.vault import columns, tokens
from gencharge.core.vault.columns import Sealed, SealedBytes, SealedText
from gencharge.core.vault.errors import DataKeyLost, DataKeyNotUsable, StoredDataChanged
from gencharge.core.vault.vault import Vault

T = TypeVar("T")
BATCH: Final = 200
_ATTEMPTS: Final = 5
# How many documents one query looks at, so that it answers in time however many there are.
WINDOW: Final = 20_000
_AWAY_SECONDS: Final = 1.0
UNREADABLE: Final = (DataKeyLost, DataKeyNotUsable, StoredDataChanged)
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SealedDocuments:
    """A field of a MongoDB collection that is encrypted. Its `_id` is the row's identity."""

    collection: str
    field: str
    # The text of a document that an earlier version wrote in clear, and the fields that it wrote it into.
    clear_text: Callable[[Document], str]
    clear_fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """`notices.content`."""
        return f"{self.collection}.{self.field}"


@dataclass(slots=True)
class Outcome:
    """What one run did: values by their place, and those that it could not read."""

    resealed: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)


def sealed_columns(metadata: MetaData = Base.metadata) -> Iterator[Column[Any]]:
    """The encrypted columns of all tables that are loaded."""
    for table in metadata.sorted_tables:
        yield from (column for column in table.columns if isinstance(column.type, SealedText | SealedBytes))


async def reseal(stores: Stores, documents: Sequence[SealedDocuments], *, batch: int = BATCH) -> Outcome:
    """Encrypt everything under the present data key that is not.

    Raises DataKeyNotUsable, DatabaseUnavailable, ResourceLocked, DocumentsUnavailable, PyMongoError.
    """
    outcome = Outcome()
    key_id = await Vault.of_database(stores.database).present_key_id()
    for column in sealed_columns():
        await _reseal_column(stores, column, key_id, outcome, batch)
    for part in documents:
        await _reseal_documents(stores, part, key_id, outcome, batch)
    return outcome


async def list_left(stores: Stores, documents: Sequence[SealedDocuments]) -> list[str]:
    """The tables and columns that have a value in clear or under an older data key. Raises what `reseal` does."""
    key_id = await Vault.of_database(stores.database).present_key_id()

    async def unit(db: AsyncSession) -> list[str]:
        await allow_long_statements(db)
        places = list[str]()
        for column in sealed_columns():
            if (await db.execute(select(literal(1)).where(_stale(column, key_id)).limit(1))).first():
                places.append(f"{column.table.name}.{column.name}")
        return places

    places = await stores.database.run(unit)
    for part in documents:
        collection, stale = stores.documents[part.collection], _stale_documents(part, key_id)
        async for bounds in _windows(collection):
            if await while_away(partial(collection.find_one, stale | bounds, {"_id": True})) is not None:
                places.append(part.name)
                break
    return places


async def _reseal_column(
    stores: Stores, column: Column[Any], key_id: str, outcome: Outcome, batch: int
) -> None:
    vault, name = Vault.of_database(stores.database), f"{column.table.name}.{column.name}"
    keys = list(column.table.primary_key)
    rewrite = (
        update(column.table)
        .where(*(key == bindparam(f"key_{key.name}", type_=key.type) for key in keys))
        # What was changed since it was read stays, and was encrypted under the present data key.
        .where(column == bindparam("former", type_=column.type))
        .values({column: bindparam("resealed", type_=column.type)})
    )
    last: tuple[Any, ...] | None = None

    async def unit(db: AsyncSession) -> tuple[tuple[Any, ...] | None, int, int]:
        await allow_long_statements(db)
        after = true() if last is None else tuple_(*keys) > tuple_(*map(_typed, last, keys))
        query = select(*keys, column).where(and_(_stale(column, key_id), after)).order_by(*keys).limit(batch)
        rows = (await db.execute(query)).all()
        changes = list[dict[str, Any]]()
        for row in rows:
            identity = row[:-1]
            try:
                plain = await vault.open_in(column, identity, row[-1].stored)
            except UNREADABLE:
                continue
            sealed = Sealed(await vault.seal_at(columns.place_of(column, identity), plain))
            values = {f"key_{key.name}": part for key, part in zip(keys, identity, strict=True)}
            changes.append(values | {"resealed": sealed, "former": row[-1]})
        if changes:
            await (await db.connection()).execute(rewrite, changes)
        await faultpoints.point("resealing.written", name)
        return (tuple(rows[-1][:-1]) if rows else None), len(changes), len(rows) - len(changes)

    while True:
        last, changed, unreadable = await _patiently(stores, unit)
        await faultpoints.point("resealing.committed", name)
        outcome.resealed[name] += changed
        outcome.unreadable[name] += unreadable
        if last is None:
            return


async def _patiently(stores: Stores, unit: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Run a unit of work, again while another transaction holds one of its rows. Raises ResourceLocked after a while."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await stores.database.run(unit)
        except ResourceLocked:
            if attempt == _ATTEMPTS:
                raise
            await back_off(attempt)
    raise AssertionError("unreachable")


def _typed(value: Any, key: Column[Any]) -> Any:
    return literal(value, key.type)


def _stale(column: Column[Any], key_id: str) -> Any:
    """Not empty, and not encrypted with this data key."""
    prefix = tokens.prefix_of(key_id)
    if isinstance(column.type, SealedBytes):
        start = func.substring(cast(column, Bytes), 1, len(prefix), type_=Bytes)
        return column.is_not(None) & (start != literal(prefix.encode(), Bytes))
    text = cast(column, Text)
    return (text != "") & (func.left(text, len(prefix), type_=Text) != literal(prefix, Text))


async def _reseal_documents(
    stores: Stores, part: SealedDocuments, key_id: str, outcome: Outcome, batch: int
) -> None:
    vault, collection = Vault.of_database(stores.database), stores.documents[part.collection]
    async for bounds in _windows(collection):
        conditions = _stale_documents(part, key_id) | bounds
        while stale := await while_away(partial(_read_documents, collection, conditions, batch)):
            changes = await _resealed(vault, part, stale, outcome)
            if changes:
                written = await while_away(partial(collection.bulk_write, changes, ordered=False))
                outcome.resealed[part.name] += written.modified_count
            await faultpoints.point("resealing.committed", part.name)
            conditions["_id"] = bounds["_id"] | {"$gt": stale[-1]["_id"]}


async def _resealed(
    vault: Vault, part: SealedDocuments, stale: Sequence[Document], outcome: Outcome
) -> list[UpdateOne]:
    changes = list[UpdateOne]()
    for document in stale:
        stored, place = document.get(part.field), columns.place(part.name, (document["_id"],))
        try:
            plain = part.clear_text(document) if stored is None else await vault.open_at(place, stored)
        except UNREADABLE:
            outcome.unreadable[part.name] += 1
            continue
        sealed = await vault.seal_at(place, plain) if plain else ""
        # A document that was changed since it was read stays as it is; the next run takes it.
        same = {"_id": document["_id"], part.field: {"$exists": False} if stored is None else stored}
        clear = {"$unset": dict.fromkeys(part.clear_fields, "")}
        changes.append(UpdateOne(same, {"$set": {part.field: sealed}} | clear))
    return changes


async def _windows(collection: AsyncCollection[Document]) -> AsyncIterator[Document]:
    """Conditions that together cover all documents, in the order of `_id`: each a range of WINDOW documents."""
    start: Document = {"$exists": True}
    while True:
        last = await while_away(
            partial(
                collection.find_one,
                {"_id": start},
                {"_id": True},
                sort=[("_id", ASCENDING)],
                skip=WINDOW - 1,
            )
        )
        if last is None:
            yield {"_id": start}
            return
        yield {"_id": start | {"$lte": last["_id"]}}
        start = {"$gt": last["_id"]}


async def _read_documents(
    collection: AsyncCollection[Document], conditions: Document, limit: int
) -> list[Document]:
    return await collection.find(conditions).sort([("_id", ASCENDING)]).limit(limit).to_list()


async def while_away(work: Callable[[], Awaitable[T]], *, pause_seconds: float = _AWAY_SECONDS) -> T:
    """Run an operation on MongoDB that may be repeated, again while MongoDB is away, with longer and longer pauses.

    Raises DocumentsUnavailable after a while, and PyMongoError for all else.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await work()
        except PyMongoError as error:
            if not is_away(error):
                raise
            if attempt == _ATTEMPTS:
                raise DocumentsUnavailable from error
            await asyncio.sleep(pause_seconds * attempt)
    raise AssertionError("unreachable")


def _stale_documents(part: SealedDocuments, key_id: str) -> Document:
    present = re.compile(f"^{re.escape(tokens.prefix_of(key_id))}")
    return {part.field: {"$not": present, "$ne": ""}}
