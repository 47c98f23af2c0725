"""BSON comes back document by document; collections move and go on moving after an interruption."""

from __future__ import annotations

import bson
import pytest

from gencharge.backups import documents_crud
from gencharge.backups.errors import BackupInvalid
from gencharge.core.settings import Settings

DOCUMENTS = [{"_id": number, "text": "x" * (number * 37 % 500)} for number in range(3_000)]
CONTENT = b"".join(bson.encode(document) for document in DOCUMENTS)


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000, len(CONTENT)])
def test_documents_come_out_of_pieces_of_any_size(size: int) -> None:
    content = CONTENT if size > 7 else CONTENT[: len(bson.encode(DOCUMENTS[0])) * 1]
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    batches = list(documents_crud.batches_of(pieces))
    documents = [bson.decode(document.raw) for batch in batches for document in batch]
    assert documents == DOCUMENTS[: len(documents)]
    assert len(documents) == (3_000 if size > 7 else 1)
    assert max(map(len, batches)) <= 1_000


@pytest.mark.parametrize("content", [CONTENT[:-1], b"\0\0\0\0", b"\xff\xff\xff\x7f" + b"x" * 100, b"\5\0"])
def test_what_is_no_bson_is_refused(content: bytes) -> None:
    with pytest.raises(BackupInvalid, match="damaged"):
        list(documents_crud.batches_of([content]))


def test_collections_move_and_go_on_after_an_interruption(settings: Settings) -> None:
    name = settings.mongo_database
    fresh, live, aside = (f"{kind}_{name}" for kind in ("fresh", "live", "aside"))
    with documents_crud.opened(settings, fresh) as documents:
        client = documents.client
        for database in (fresh, live, aside):
            client.drop_database(database)
        for collection in ("a", "b"):
            client[live][collection].insert_one({"_id": "old"})
        for collection in ("b", "c"):
            client[fresh][collection].insert_one({"_id": "new"})
        # Interrupted: all is aside, and one of the new ones has been moved.
        client.admin.command({"renameCollection": f"{live}.a", "to": f"{aside}.a"})
        # Something that started too early made one again.
        client[live]["a"].insert_one({"_id": "stray"})
        client[live]["c"].insert_one({"_id": "stray"})
        documents_crud.move_collections(documents, live, aside)
        assert client[aside]["a"].find_one() == {"_id": "old"}
        client[fresh]["d"].insert_one({"_id": "late"})
        documents_crud.move_collections(documents, live, aside)
        assert {
            each: client[live][each].find_one()["_id"] for each in client[live].list_collection_names()
        } == {
            "b": "new",
            "c": "new",
            "d": "late",
        }
        assert {"a", "b"} < set(client[aside].list_collection_names())
        for database in (fresh, live, aside):
            client.drop_database(database)
