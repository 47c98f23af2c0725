"""A visitor gets an answer by e-mail: over the queue of messages, once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.contact import crud, listeners
from gencharge.contact.events import EnquiryAnswered
from gencharge.core.events.relay import Relay
from gencharge.core.message import NotSent
from gencharge.core.stores.mongo import Document
from gencharge.core.stores.stores import Stores
from gencharge.messages import mail_service
from gencharge.messages.loop import MessageLoop
from gencharge.messages.models import MessageChannel
from gencharge.messages.senders import Content, Task
from tests.make.contact import Customer, visit, write_as_staff
from tests.make.messages import empty_queue
from tests.make.staff_client import StaffClient

MAIL = "visitor@example.com"


class Mailbox:
    """Keeps what it is to send."""

    def __init__(self) -> None:
        self.mails: list[tuple[Task, Content]] = []
        self.is_down = False

    async def send(self, task: Task, content: Content) -> int:
        if self.is_down:
            raise NotSent("SMTP 450")
        self.mails.append((task, content))
        return 1

    async def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture(autouse=True)
async def _empty_queue(stores: Stores) -> None:
    await empty_queue(stores)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


async def answered(client: httpx.AsyncClient, app: FastAPI, staff: StaffClient, **form: Any) -> UUID:
    enquiry_id = str((await visit(client, app, **{"email": MAIL, **form})).json()["enquiry_id"])
    assert (await write_as_staff(staff, enquiry_id, "replies", "Tomorrow.")).status_code == 201
    return UUID(enquiry_id)


async def deliver(stores: Stores, mailbox: Mailbox) -> None:
    """Queue the e-mails of what happened, and send what is due."""
    await Relay(stores, [listeners.VISITORS]).drain()
    loop = MessageLoop(stores, {MessageChannel.EMAIL: mailbox})
    await loop.drain()
    await loop.close()


async def queued(stores: Stores, enquiry_id: UUID) -> list[Document]:
    """The messages to the visitor who sent an enquiry."""
    return await stores.documents["messages"].find({"recipient_id": enquiry_id}).to_list()


async def test_a_visitor_is_answered_by_e_mail_once(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    enquiry_id = await answered(client, app, staff, language="hi")
    for _ in range(2):
        await deliver(stores, mailbox)
    ((task, content),) = mailbox.mails
    assert task.contact.email == MAIL
    assert "Tomorrow." in content.text
    assert "नमस्ते Meera Nair" in content.text
    (message,) = await queued(stores, enquiry_id)
    assert (message["state"], message["kind"], message["content"]) == ("sent", "enquiry_answered", "")
    assert MAIL not in str(message), "the address is not kept"


async def test_an_event_that_comes_twice_queues_one_e_mail(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores
) -> None:
    enquiry_id = await answered(client, app, staff)
    document = await crud.get_enquiry(stores.documents, enquiry_id, {})
    assert document is not None
    answer = EnquiryAnswered(**document["events"][-1]["payload"])
    for _ in range(2):
        await listeners._queue(stores, answer)
    (message,) = await queued(stores, enquiry_id)
    assert MAIL not in str(message), "it is encrypted with the text"
    await stores.documents["messages"].delete_many({"recipient_id": enquiry_id})
    await crud.delete_enquiry(stores.documents, enquiry_id, {})
    await listeners._queue(stores, answer)
    assert await queued(stores, enquiry_id) == []


async def test_what_the_last_release_sent_is_not_sent_again(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores
) -> None:
    enquiry_id = await answered(client, app, staff)
    document = await crud.get_enquiry(stores.documents, enquiry_id, {})
    assert document is not None
    answer = EnquiryAnswered(**document["events"][-1]["payload"])
    await stores.documents["enquiries"].update_one(
        {"_id": enquiry_id}, {"$set": {"mailed": [answer.entry_id]}}
    )
    await listeners._queue(stores, answer)
    assert await queued(stores, enquiry_id) == []


async def test_what_the_mail_server_did_not_take_waits_in_the_queue(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    mailbox.is_down = True
    enquiry_id = await answered(client, app, staff)
    await deliver(stores, mailbox)
    (message,) = await queued(stores, enquiry_id)
    assert (message["state"], message["attempts"], message["last_error"]) == ("waiting", 1, "SMTP 450")
    mailbox.is_down = False
    await stores.documents["messages"].update_one(
        {"_id": message["_id"]}, {"$set": {"due_at": message["created_at"]}}
    )
    await deliver(stores, mailbox)
    assert len(mailbox.mails) == 1


async def test_an_address_that_bounced_is_not_written_to(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    await mail_service.mark_undeliverable(stores.documents, stores.settings, "gone@example.com")
    enquiry_id = await answered(client, app, staff, email="gone@example.com")
    await deliver(stores, mailbox)
    (message,) = await queued(stores, enquiry_id)
    assert (message["state"], message["drop_reason"]) == ("dropped", "undeliverable")
    assert mailbox.mails == []


async def test_with_the_enquiry_its_e_mails_are_deleted(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores
) -> None:
    enquiry_id = await answered(client, app, staff)
    await Relay(stores, [listeners.VISITORS]).drain()
    assert len(await queued(stores, enquiry_id)) == 1
    answer = await staff.ask("DELETE", f"/contact/admin/{enquiry_id}?reason=The visitor asked for it.")
    assert answer.status_code == 204, answer.text
    assert await queued(stores, enquiry_id) == []


async def test_a_customer_gets_no_e_mail(customer: Customer, staff: StaffClient, stores: Stores) -> None:
    enquiry_id = await customer.send()
    assert (await write_as_staff(staff, enquiry_id, "replies", "Tomorrow.")).status_code == 201
    await Relay(stores, [listeners.VISITORS]).drain()
    assert await queued(stores, UUID(str(enquiry_id))) == []
