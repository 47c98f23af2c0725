"""The collection `notice_templates`: one document for each kind and language that the staff changed."""

from __future__ import annotations

from typing import Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from gencharge.core.events import document_events
from gencharge.core.stores.mongo import Document

TEMPLATES: Final = "notice_templates"
Db = AsyncDatabase[Document]


def _key(kind: str, language: str) -> str:
    return f"{kind}:{language}"


async def get_template(documents: Db, kind: str, language: str) -> Document | None:
    """The template; None if nobody changed it."""
    return await documents[TEMPLATES].find_one({"_id": _key(kind, language)})


async def list_templates(documents: Db) -> list[Document]:
    """All that the staff changed: at most one for each kind and language."""
    return await documents[TEMPLATES].find().to_list()


async def change_template(
    documents: Db, kind: str, language: str, generation: int, values: Document, carried: Document
) -> bool:
    """Move the template from this generation to the next; False if it has another one."""
    key = _key(kind, language)
    if generation == 0:
        # Cheap if the index exists; a database that was dropped or restored gets it back.
        await documents[TEMPLATES].create_indexes([document_events.INDEX])
        template = {"_id": key, "kind": kind, "language": language, "editions": [], "published": 0}
        try:
            await documents[TEMPLATES].insert_one(
                template | values | {"generation": 1, document_events.FIELD: [carried]}
            )
        except DuplicateKeyError:
            return False
        return True
    result = await documents[TEMPLATES].update_one(
        {"_id": key, "generation": generation},
        {"$set": values | {"generation": generation + 1}, "$push": {document_events.FIELD: carried}},
    )
    return result.matched_count == 1
