"""Tells whom an endpoint belongs to that it was disabled, and that it is back."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.core.events.events import Envelope, Outside
from gencharge.core.message import Message
from gencharge.core.messenger import channel_of, reaches_mail
from gencharge.core.stores.stores import Stores
from gencharge.webhooks import crud
from gencharge.webhooks.events import WebhookEndpointDisabled, WebhookEndpointRecovered


async def tell_owners(stores: Stores, batch: list[Envelope]) -> None:
    """Send the e-mails of these events. Raises NotSent, and the relay tries again: one may come twice."""
    if not reaches_mail(stores.settings):
        return
    messages = [message for envelope in batch if (message := await _message_of(stores, envelope)) is not None]
    if not messages:
        return
    channel = channel_of(stores.settings)
    try:
        for message in messages:
            await channel.send(message)
    finally:
        await channel.close()


async def _message_of(stores: Stores, envelope: Envelope) -> Message | None:
    event = envelope.event
    if not isinstance(event, WebhookEndpointDisabled | WebhookEndpointRecovered):
        return None
    endpoint_id = UUID(event.endpoint_id)
    endpoint = await stores.database.run(lambda db: crud.get_endpoint(db, endpoint_id))
    if endpoint is None or not endpoint.contact_email:
        return None
    if isinstance(event, WebhookEndpointRecovered):
        subject = "Your webhook endpoint is back"
        text = f"{event.url} answers again after {event.failed_hours} hours. We are sending you what waited."
    elif event.reason == "gone":
        subject = "Your webhook endpoint is disabled"
        text = f"{event.url} answered 410 Gone, so we send it nothing more. Ask us to enable it when you want messages again."
    else:
        subject = "Your webhook endpoint is disabled"
        text = (
            f"{event.url} has not taken a message for a day. We try it each half hour; with its first 2xx it is enabled and gets"
            " what waited. A message waits for three days."
        )
    return Message(text=text, email=endpoint.contact_email, subject=subject)


OWNER_NOTICES: Final = Outside(
    "webhooks.owners", (WebhookEndpointDisabled, WebhookEndpointRecovered), tell_owners
)
