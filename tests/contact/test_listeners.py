"""A visitor gets an answer by e-mail: once, and not before it can be sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from gencharge.contact import crud, listeners
from gencharge.contact.events import EnquiryAnswered
from gencharge.core.events.relay import Relay
from gencharge.core.message import Message, NotSent
from gencharge.core.stores.stores import Stores
from tests.make.contact import Customer, visit, write_as_staff
from tests.make.staff_client import StaffClient


class Mailbox:
    """A channel that keeps what it is to send."""

    name = "mailbox"

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.is_down = False

    async def send(self, message: Message) -> None:
        if self.is_down:
            raise NotSent("down")
        self.messages.append(message)

    async def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    mailbox = Mailbox()
    monkeypatch.setattr(listeners, "channel_of", lambda _settings, **_more: mailbox)
    return mailbox


async def answered(client: httpx.AsyncClient, app: FastAPI, staff: StaffClient, **form: Any) -> str:
    enquiry_id = str((await visit(client, app, **form)).json()["enquiry_id"])
    assert (await write_as_staff(staff, enquiry_id, "replies", "Tomorrow.")).status_code == 201
    return enquiry_id


async def test_a_visitor_is_answered_by_e_mail_once(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    await answered(client, app, staff, email="visitor@example.com", language="hi")
    relay = Relay(stores, [listeners.VISITORS])
    await relay.drain()
    (mail,) = mailbox.messages
    assert mail.email == "visitor@example.com"
    assert "Tomorrow." in mail.text
    assert "नमस्ते Meera Nair" in mail.text


async def test_an_event_that_comes_twice_sends_one_e_mail(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    enquiry_id = await answered(client, app, staff)
    document = await crud.get_enquiry(stores.documents, UUID(enquiry_id), {})
    assert document is not None
    payload = document["events"][-1]["payload"]
    answer = EnquiryAnswered(**payload)
    for _ in range(2):
        await listeners._send(stores, answer)
    assert len(mailbox.messages) == 1
    await crud.delete_enquiry(stores.documents, UUID(enquiry_id), {})
    await listeners._send(stores, answer)
    assert len(mailbox.messages) == 1


async def test_what_the_mail_server_did_not_take_is_sent_later(
    app: FastAPI, client: httpx.AsyncClient, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    relay = Relay(stores, [listeners.VISITORS])
    await relay.drain()
    mailbox.messages.clear()
    mailbox.is_down = True
    await answered(client, app, staff)
    await relay.deliver()
    assert mailbox.messages == []
    mailbox.is_down = False
    async with stores.database.transaction() as db:
        from sqlalchemy import text

        await db.execute(text("UPDATE deliveries SET next_attempt_at = now()"))
    await relay.drain()
    assert len(mailbox.messages) == 1


async def test_a_customer_gets_no_e_mail(
    customer: Customer, staff: StaffClient, stores: Stores, mailbox: Mailbox
) -> None:
    await Relay(stores, [listeners.VISITORS]).drain()
    mailbox.messages.clear()
    enquiry_id = await customer.send()
    assert (await write_as_staff(staff, enquiry_id, "replies", "Tomorrow.")).status_code == 201
    await Relay(stores, [listeners.VISITORS]).drain()
    assert mailbox.messages == []
