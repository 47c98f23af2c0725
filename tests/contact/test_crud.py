"""The collection's queries keep to whom they name."""

from __future__ import annotations

from uuid import UUID

import httpx
from fastapi import FastAPI

from gencharge.contact import crud
from gencharge.core.events import document_events
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.contact import Customer, visit


async def test_an_enquiry_is_changed_from_one_generation_only(customer: Customer, stores: Stores) -> None:
    enquiry_id = UUID(await customer.send())
    carried = {"_id": new_id()}
    changes = {"category": "refund"}
    assert await crud.change_enquiry(stores.documents, enquiry_id, 1, changes, carried)
    assert not await crud.change_enquiry(stores.documents, enquiry_id, 1, changes, carried)
    document = await crud.get_enquiry(stores.documents, enquiry_id, {})
    assert document is not None
    assert (document["generation"], document["category"]) == (2, "refund")
    assert document[document_events.FIELD][-1] == carried
    await stores.documents[crud.ENQUIRIES].delete_one({"_id": enquiry_id})


async def test_pages_of_one_instant_have_each_enquiry_once(customer: Customer, stores: Stores) -> None:
    for _ in range(5):
        await customer.send()
    own = {"user_id": customer.user_id}
    instant = (await crud.list_enquiries(stores.documents, own, None, 1))[0]["created_at"]
    await stores.documents[crud.ENQUIRIES].update_many(own, {"$set": {"created_at": instant}})
    for descending in (True, False):
        ids, after = list[UUID](), None
        while page := await crud.list_enquiries(stores.documents, own, after, 2, descending=descending):
            ids += [document["_id"] for document in page]
            after = page[-1]["created_at"], page[-1]["_id"]
        assert ids == sorted(ids, reverse=descending)
        assert len(set(ids)) == 5


async def test_lists_do_not_read_threads(customer: Customer, stores: Stores) -> None:
    await customer.send()
    (document,) = await crud.list_enquiries(stores.documents, {"user_id": customer.user_id}, None, 9)
    assert "thread" not in document


async def test_deleting_a_customers_enquiries_leaves_others(
    app: FastAPI, client: httpx.AsyncClient, customer: Customer, stores: Stores
) -> None:
    other = UUID((await visit(client, app)).json()["enquiry_id"])
    await customer.send()
    await crud.delete_of_customer(stores.documents, customer.user_id)
    assert await crud.list_whole(stores.documents, customer.user_id, None, 9) == []
    assert await crud.get_enquiry(stores.documents, other, {}) is not None
