"""What is old goes: spam after 30 days, visitors' enquiries after a year, customers' never by themselves."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI

from gencharge.contact import crud
from gencharge.contact.events import EnquirySent
from gencharge.contact.jobs import JOBS, purge
from gencharge.core.events import document_events
from gencharge.core.events.relay import Relay
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from tests.make.audit import drained
from tests.make.contact import Customer, visit


async def test_what_is_old_goes_and_what_is_not_stays(
    app: FastAPI, client: httpx.AsyncClient, customer: Customer, stores: Stores
) -> None:
    visitors = UUID((await visit(client, app)).json()["enquiry_id"])
    spam = UUID((await visit(client, app, website="x")).json()["enquiry_id"])
    own = UUID(await customer.send())

    async def stored() -> list[bool]:
        documents = [await crud.get_enquiry(stores.documents, each, {}) for each in (spam, visitors, own)]
        return [document is not None for document in documents]

    for days, expected in ((29, [True] * 3), (31, [False, True, True]), (366, [False, False, True])):
        with clock.later(days=days):
            await purge(stores)
        assert await stored() == expected, days


async def test_an_enquiry_that_could_not_be_announced_is_announced_later(
    customer: Customer, stores: Stores, relay: Relay
) -> None:
    """As if the process had ended between MongoDB and the commit."""
    enquiry_id = UUID(await customer.send())
    await drained(stores, relay)
    with clock.at(clock.now() - timedelta(minutes=5)):
        carried = document_events.carry(
            EnquirySent(user_id=str(SYSTEM_USER_ID), enquiry_id=str(enquiry_id), category="other")
        )
    assert await crud.change_enquiry(stores.documents, enquiry_id, 1, {}, carried)
    await JOBS[0].run(stores)
    await drained(stores, relay)
    document = await crud.get_enquiry(stores.documents, enquiry_id, {})
    assert document is not None
    assert document[document_events.FIELD] == []
    assert await stores.documents["audit_entries"].count_documents({"_id": carried["_id"]}) == 1
