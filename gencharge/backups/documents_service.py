"""MongoDB as of an instant: what is live now, or the MongoDB part of a backup, without what came after the instant."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from gencharge.backups import documents_crud, examine_service, names
from gencharge.backups.archive import ArchiveReader
from gencharge.backups.create_service import Progress, key_of
from gencharge.backups.examine_service import Location
from gencharge.core.rooms.dated_documents import DatedDocuments, PendingDocuments
from gencharge.core.settings import Settings

Documents = Database[dict[str, Any]]


@dataclass(slots=True)
class Copied:
    """What was copied: `documents` in all, and how many of each collection were taken away because they came later."""

    documents: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    # How many of each collection waited in an older backup, and are taken as done.
    done: dict[str, int] = field(default_factory=dict)
    # The head of the audit trail when a backup was made: its place and its hash. A place of 0: none was sealed.
    audit_head: tuple[int, str] = (0, "")


def copy_live(source: Documents, target: Documents, progress: Progress) -> Copied:
    """Copy all collections with their indexes. The source is only read."""
    copied = Copied()
    for description in documents_crud.list_collections(source):
        name = str(description["name"])
        documents_crud.add_collection(target, description)
        batches = documents_crud.batches_of(documents_crud.iterate_documents(source, name))
        documents_crud.add_documents(target, name, _counted(batches, copied, progress))
        documents_crud.add_indexes(target, description)
    return copied


async def copy_archived(
    settings: Settings, location: Location, target: Documents, progress: Progress
) -> tuple[Copied, datetime]:
    """Copy the MongoDB part of a backup, and say of which instant the backup is (UTC). Raises what `examine_service.examine` raises."""
    manifest = await examine_service.examine(settings, location, progress)
    loop = asyncio.get_running_loop()
    copied, instant = await asyncio.to_thread(_copy_archived, settings, location, target, loop, progress)
    if "audit" in manifest:
        copied.audit_head = (int(manifest["audit"]["sequence"]), str(manifest["audit"]["hash"]))
    return copied, instant


def remove_after(
    target: Documents, dated: Sequence[DatedDocuments], until: datetime, copied: Copied
) -> Mapping[str, int]:
    """Take away what came into being after an instant; how many of each collection."""
    for each in dated:
        copied.removed[each.collection] = target[each.collection].delete_many(each.after(until)).deleted_count
    return copied.removed


def end_pending(
    target: Documents, pending: Sequence[PendingDocuments], until: datetime, copied: Copied
) -> Mapping[str, int]:
    """Take what was due before an instant as done, in documents that are older than the instant; how many of each collection."""
    for each in pending:
        collection, due = target[each.collection], each.due(until)
        if each.unset is None:
            copied.done[each.collection] = collection.delete_many(due).deleted_count
        else:
            changes = {"$unset": dict.fromkeys(each.unset, "")}
            copied.done[each.collection] = collection.update_many(due, changes).modified_count
    return copied.done


def _copy_archived(
    settings: Settings,
    location: Location,
    target: Documents,
    loop: asyncio.AbstractEventLoop,
    progress: Progress,
) -> tuple[Copied, datetime]:
    copied, descriptions = Copied(), dict[str, dict[str, Any]]()
    with location.opened(loop) as source:
        reader = ArchiveReader(source, key=key_of(settings))
        for part, segments in itertools.groupby(reader.segments(), key=lambda segment: segment[0]):
            contents = (content for _, _, content in segments)
            if part == names.COLLECTIONS:
                listed = orjson.loads(b"".join(contents))["collections"]
                descriptions = {str(each["name"]): each for each in listed}
            elif part == names.POSTGRES or part.startswith(f"{names.FILES}/"):
                for _ in contents:
                    pass
            else:
                collection = names.collection_of(part)
                if collection in descriptions:
                    documents_crud.add_collection(target, descriptions[collection])
                batches = documents_crud.batches_of(contents)
                documents_crud.add_documents(target, collection, _counted(batches, copied, progress))
        for description in descriptions.values():
            documents_crud.add_indexes(target, description)
        return copied, datetime.fromisoformat(str(reader.header["snapshot_at"]))


def _counted(
    batches: Iterable[list[RawBSONDocument]], copied: Copied, progress: Progress
) -> Iterable[list[RawBSONDocument]]:
    for batch in batches:
        yield batch
        copied.documents += len(batch)
        progress("documents", copied.documents)
