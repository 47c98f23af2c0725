"""Documents: written once, and no error swallowed."""

from __future__ import annotations

import asyncio

import pytest
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure

from gencharge.core.errors import DocumentsUnavailable
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import add_once, answering, connect
from gencharge.core.stores.stores import Stores
from gencharge.core.tracing import spans
from gencharge.core.values.ids import new_id
from tests.make.collector import collector, tracing


async def test_what_is_there_stays_and_what_is_new_is_added(stores: Stores) -> None:
    things = stores.documents["things"]
    first, second = new_id(), new_id()
    await add_once(things, [])
    await add_once(things, [{"_id": first, "n": 1}])
    await add_once(things, [{"_id": first, "n": 2}, {"_id": second, "n": 3}])
    assert [(await things.find_one({"_id": key}) or {})["n"] for key in (first, second)] == [1, 3]


async def test_a_document_that_can_not_be_written_is_an_error_and_its_neighbours_are_written(
    stores: Stores,
) -> None:
    things = stores.documents[f"strict_{new_id().hex}"]
    await stores.documents.create_collection(things.name, validator={"n": {"$gt": 0}})
    good = [new_id(), new_id()]
    with pytest.raises(BulkWriteError):
        await add_once(
            things, [{"_id": good[0], "n": 1}, {"_id": new_id(), "n": 0}, {"_id": good[1], "n": 2}]
        )
    assert {thing["_id"] async for thing in things.find()} == set(good)


async def test_a_store_that_is_away_is_unavailable_and_another_error_stays_what_it_is(stores: Stores) -> None:
    with pytest.raises(DocumentsUnavailable), answering(stores.documents):
        raise ConnectionFailure("gone")
    with pytest.raises(OperationFailure), answering(stores.documents):
        await stores.documents.command("no_such_command")


async def test_a_store_that_does_not_answer_in_time_is_unavailable(stores: Stores) -> None:
    things = stores.documents["slow"]
    await add_once(things, [{"_id": new_id()}])
    started = asyncio.get_running_loop().time()
    with pytest.raises(DocumentsUnavailable), answering(stores.documents):
        await things.find_one({"$where": "sleep(5000) || true"})
    assert asyncio.get_running_loop().time() - started < 4


async def test_a_command_is_a_span_by_its_name_and_collection(settings: Settings) -> None:
    with collector() as there, tracing(settings, there):
        client = connect(settings)
        things = client[settings.mongo_database]["things"]
        await things.find_one({"phone": "+919876543210"})
        with spans.work("request", spans.Kind.SERVER, {}):
            await things.find_one({"phone": "+919876543210", "name": "canary"})
            with pytest.raises(OperationFailure):
                await things.find_one({"$canary": 1})
        await client.close()
    request = there.named("request")[0]
    below = [one for one in there.spans if one.parent_id == request.span_id]
    assert [(one.name, one.failed) for one in below] == [("find things", False), ("find things", True)]
    assert below[1].attributes["error.type"] == "BadValue"
    assert len(there.spans) == 3
    for secret in (b"canary", b"987654"):
        assert secret not in b"".join(there.bodies)
