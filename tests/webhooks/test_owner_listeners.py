"""Whom an endpoint belongs to is told when it is disabled and when it is back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from gencharge.core.events.events import Envelope, Event
from gencharge.core.message import Message, NotSent
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.webhooks import owner_listeners
from gencharge.webhooks.events import WebhookEndpointDisabled, WebhookEndpointRecovered
from gencharge.webhooks.loop import WebhookSender
from tests.webhooks.conftest import Partners

URL = "https://partner.example/hooks"


class Mailbox:
    """Takes e-mails."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.is_away = self.is_closed = False

    async def send(self, message: Message) -> None:
        if self.is_away:
            raise NotSent("away")
        self.messages.append(message)

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    mailbox = Mailbox()
    monkeypatch.setattr(owner_listeners, "channel_of", lambda _settings: mailbox)
    return mailbox


def disabled(endpoint_id: UUID, reason: str = "failures") -> Event:
    return WebhookEndpointDisabled(
        user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), reason=reason, failures=9, url=URL
    )


def recovered(endpoint_id: UUID) -> Event:
    return WebhookEndpointRecovered(
        user_id=str(SYSTEM_USER_ID), endpoint_id=str(endpoint_id), url=URL, failed_hours=30
    )


async def tell(partners: Partners, *events: Event) -> None:
    batch = [Envelope(new_id(), clock.now(), event, "", "", "system", "") for event in events]
    await owner_listeners.tell_owners(partners.stores, batch)


async def test_the_owner_reads_what_happens_and_what_to_do(partners: Partners, mailbox: Mailbox) -> None:
    endpoint_id = (await partners.join(contact_email="Ops@Partner.example")).endpoint_id
    await tell(partners, disabled(endpoint_id), disabled(endpoint_id, "gone"), recovered(endpoint_id))
    assert {message.email for message in mailbox.messages} == {"ops@partner.example"}
    assert [message.subject for message in mailbox.messages] == [
        "Your webhook endpoint is disabled",
        "Your webhook endpoint is disabled",
        "Your webhook endpoint is back",
    ]
    failed, gone, back = (message.text for message in mailbox.messages)
    assert "each half hour" in failed
    assert "410" in gone
    assert "30 hours" in back
    assert all(URL in text for text in (failed, gone, back))
    assert mailbox.is_closed


async def test_without_an_address_or_without_mail_nobody_is_told(
    partners: Partners, mailbox: Mailbox
) -> None:
    nameless, owned = await partners.join(), await partners.join(contact_email="ops@partner.example")
    await tell(partners, disabled(nameless.endpoint_id), disabled(new_id()))
    assert mailbox.messages == []
    by_sms = partners.stores.settings.model_copy(update={"otp_channel": "sms", "smtp_host": ""})
    batch = [Envelope(new_id(), clock.now(), disabled(owned.endpoint_id), "", "", "system", "")]
    await owner_listeners.tell_owners(replace(partners.stores, settings=by_sms), batch)
    assert mailbox.messages == []


async def test_an_e_mail_that_is_not_taken_is_tried_again_by_the_relay(
    partners: Partners, mailbox: Mailbox
) -> None:
    endpoint_id = (await partners.join(contact_email="ops@partner.example")).endpoint_id
    mailbox.is_away = True
    with pytest.raises(NotSent):
        await tell(partners, disabled(endpoint_id))
    assert mailbox.is_closed


async def test_a_410_reaches_the_owner_over_the_outbox(
    partners: Partners, mailbox: Mailbox, sender: WebhookSender
) -> None:
    from gencharge.core.events.relay import Relay

    await partners.join(contact_email="ops@partner.example")
    partners.receiver.status = 410
    await partners.happen()
    await sender.drain()
    await Relay(partners.stores, [owner_listeners.OWNER_NOTICES]).drain()
    assert "410" in mailbox.messages[0].text
