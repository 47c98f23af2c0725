"""SMS and e-mails leave over the settings' channels."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from gencharge.core.message import Message
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Contact, NotificationType, Recipient
from gencharge.messages.models import MessageChannel
from gencharge.messages.push_service import push_senders_of
from gencharge.messages.senders import (
    Content,
    EmailSender,
    SmsSender,
    Task,
    prices_of,
    provided,
    rates_of,
    senders_of,
    with_link,
)
from gencharge.notifications.library import shipped
from gencharge.notifications.rendering import unfilled

SETTINGS = Settings(_env_file=None, environment="test")  # type: ignore[call-arg]
CONTENT = Content("Done", "₹" + "a" * 80, "<p>Done</p>", "1107", {})


class Written:
    """A channel of `core.messenger` that keeps what it is handed."""

    name = "written"

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.messages.append(message)

    async def close(self) -> None:
        pass


def task(channel: MessageChannel) -> Task:
    return Task(
        id=new_id(), recipient=Recipient("user", new_id()), channel=channel, kind="recharged",
        type=NotificationType.TRANSACTIONAL, content="", attempts=1, lease_id=new_id(), created_at=clock.now(),
        contact=Contact("+919876543210", "asha@example.com", is_active=True),
    )  # fmt: skip


async def test_an_sms_has_its_template_and_is_billed_by_segments() -> None:
    channel = Written()
    assert await SmsSender(channel).send(task(MessageChannel.SMS), CONTENT) == 2
    (message,) = channel.messages
    assert (message.phone_number, message.email, message.template_id) == ("+919876543210", "", "1107")


async def test_every_copy_of_an_e_mail_has_the_same_message_id() -> None:
    channel, sent = Written(), task(MessageChannel.EMAIL)
    for _ in range(2):
        assert await EmailSender(channel, SETTINGS).send(sent, CONTENT) == 1
    first, second = channel.messages
    assert first.message_id == second.message_id == str(sent.id)
    assert (first.email, first.phone_number, first.html) == ("asha@example.com", "", CONTENT.html)


@pytest.mark.parametrize("language", sorted(shipped().languages))
async def test_an_e_mail_that_can_be_unsubscribed_from_says_how_where_people_read_it(language: str) -> None:
    """Not every mail program shows a button for the header."""
    rendered = unfilled(
        "Hello", "Nothing <!--unsubscribe:x--> of this is a link.", "", "", shipped().speech(language)
    )
    content = Content("Hello", rendered.email_text, rendered.email_html, "", {})
    settings = SETTINGS.model_copy(update={"public_api_url": "https://api.example.com"})
    links = {}
    for type in NotificationType:
        channel, sent = Written(), replace(task(MessageChannel.EMAIL), type=type)
        await EmailSender(channel, settings).send(sent, content)
        (message,) = channel.messages
        links[type] = re.findall(r'<a href="([^"]+)"', message.html)
        assert "<!--" not in message.html
        assert all(message.text.endswith(f": {unescape(link)}") for link in links[type])
        assert [f"<{unescape(link)}>" for link in links[type]] == [
            value for name, value in message.headers.items() if name == "List-Unsubscribe"
        ]
    assert {type: len(hrefs) for type, hrefs in links.items()} == {
        type: int(type is not NotificationType.TRANSACTIONAL) for type in NotificationType
    }


def test_a_message_without_a_frame_stays_as_it_is() -> None:
    assert with_link(CONTENT, "https://api.example.com/x") == (CONTENT.text, CONTENT.html)


@pytest.mark.parametrize(
    ("overrides", "channels"),
    [
        ({}, {MessageChannel.SMS, MessageChannel.EMAIL}),
        ({"gencharge_sms_url": "https://sms.example/send", "smtp_host": "mail.example"}, set(MessageChannel)),
    ],
)
async def test_development_needs_no_provider(
    overrides: dict[str, Any], channels: set[MessageChannel]
) -> None:
    settings = Settings(_env_file=None, environment="test", **overrides)  # type: ignore[call-arg]
    senders = senders_of(settings)
    assert {MessageChannel.SMS, MessageChannel.EMAIL} <= set(senders) <= channels
    for sender in senders.values():
        await sender.close()


_VAPID_KEY = ec.generate_private_key(ec.SECP256R1()).private_bytes(
    Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
)


@pytest.mark.parametrize("environment", ["test", "production"])
@pytest.mark.parametrize(
    "providers",
    [
        {},
        {"gencharge_sms_url": "https://sms.example/send"},
        {"smtp_host": "mail.example"},
        {"vapid_private_key": _VAPID_KEY.decode(), "vapid_subject": "mailto:push@example.com"},
    ],
    ids=["none", "sms", "mail", "push"],
)
async def test_the_channels_with_a_provider_are_those_that_have_a_sender(
    stores: Stores, environment: str, providers: dict[str, Any]
) -> None:
    none = {
        "gencharge_sms_url": "",
        "smtp_host": "",
        "vapid_private_key": SecretStr(""),
        "fcm_service_account": SecretStr(""),
        "apns_private_key": SecretStr(""),
    }
    chosen = {
        name: SecretStr(value) if name == "vapid_private_key" else value for name, value in providers.items()
    }
    settings = stores.settings.model_copy(update=none | chosen | {"environment": environment})
    senders = senders_of(settings) | push_senders_of(settings, stores)
    assert provided(settings) == set(senders)
    for sender in senders.values():
        await sender.close()


def test_every_channel_has_a_rate_and_a_price() -> None:
    settings = Settings(_env_file=None, environment="test", sms_price_paise=12.5)  # type: ignore[call-arg]
    assert set(rates_of(settings)) == set(prices_of(settings)) == set(MessageChannel)
    assert prices_of(settings)[MessageChannel.SMS] == 12_500
