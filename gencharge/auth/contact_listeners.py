"""Tells people that the number or the address of their account changed, at the old place and the new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from gencharge.admins.events import AdminUpdated
from gencharge.auth import contact_messages as messages
from gencharge.core.events.events import Envelope, Outside
from gencharge.core.message import Message
from gencharge.core.messenger import channel_of, reaches_mail, reaches_phones
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.users import service as users
from gencharge.users.events import UserEmailChanged, UserPhoneNumberChanged


async def tell_owners(stores: Stores, batch: list[Envelope]) -> None:
    """Send the messages of these events. Raises NotSent, and the relay tries again: a message may come twice."""
    settings = stores.settings
    pending = [message for envelope in batch for message in await _messages_of(stores, envelope)]
    channel = channel_of(settings)
    try:
        for message in pending:
            if reaches_phones(settings) if message.phone_number else reaches_mail(settings):
                await channel.send(message)
    finally:
        await channel.close()


async def _messages_of(stores: Stores, envelope: Envelope) -> list[Message]:
    event = envelope.event
    match event:
        case UserEmailChanged():
            return list(_of_email(event.changes)) if event.old_counted else []
        case UserPhoneNumberChanged():
            email = await stores.database.run(lambda db: users.email_of(db, UUID(event.user_id)))
            return list(_of_number(stores.settings, event.changes, email))
        case AdminUpdated():
            return [*_of_email(event.changes), *_of_number(stores.settings, event.changes, None)]
    return []


def _of_email(changes: dict[str, dict[str, str | None]]) -> Iterator[Message]:
    old, new = _sides(changes, "email")
    if old and new and old.lower() != new.lower():
        yield messages.email_changed(old, new)


def _of_number(
    settings: Settings, changes: dict[str, dict[str, str | None]], email: str | None
) -> Iterator[Message]:
    old, new = _sides(changes, "phone_number")
    if not (old and new):
        return
    for number in (old, new):
        yield messages.number_changed_by_sms(settings, number, new)
    if email:
        yield messages.number_changed_by_email(email, new)


def _sides(changes: dict[str, dict[str, str | None]], name: str) -> tuple[str | None, str | None]:
    change = changes.get(name, {})
    return change.get("old"), change.get("new")


CONTACT_NOTICES: Final = Outside(
    "auth.contact-notices", (UserEmailChanged, UserPhoneNumberChanged, AdminUpdated), tell_owners
)
