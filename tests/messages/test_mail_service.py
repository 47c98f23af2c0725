"""What speaks against an e-mail: its type was unsubscribed from, or its address is dead."""

from __future__ import annotations

from typing import Any

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from gencharge.core.values.recipient import Contact, NotificationType, Recipient
from gencharge.messages import mail_service
from gencharge.messages.models import DropReason
from gencharge.messages.personal_data import PART
from gencharge.messages.unsubscribing import Subscription


def due(recipient: Recipient, kind: str = "promotional") -> dict[str, Any]:
    return {"_id": new_id(), "recipient_kind": recipient.kind, "recipient_id": recipient.id, "type": kind}


async def reasons(stores: Stores, email: str, *messages: dict[str, Any]) -> list[DropReason | None]:
    contacts = {
        Recipient(each["recipient_kind"], each["recipient_id"]): Contact("", email, is_active=True)
        for each in messages
    }
    obstacles = await mail_service.obstacles(stores.documents, stores.settings, messages, contacts)
    return [obstacles.get(each["_id"]) for each in messages]


async def test_only_the_recipient_and_the_type_of_the_link_are_concerned(stores: Stores) -> None:
    customer, other = Recipient("user", new_id()), Recipient("user", new_id())
    namesake = Recipient("admin", customer.id)
    offers = Subscription(customer, NotificationType.PROMOTIONAL)
    await mail_service.unsubscribe(stores.documents, offers)
    await mail_service.unsubscribe(stores.documents, offers)
    messages = [due(customer), due(customer, "reminder"), due(other), due(namesake)]
    assert await reasons(stores, "a@example.com", *messages) == [DropReason.UNSUBSCRIBED, None, None, None]
    await mail_service.resubscribe(stores.documents, offers)
    assert await reasons(stores, "a@example.com", due(customer)) == [None]


async def test_security_notices_can_not_be_unsubscribed_from(stores: Stores) -> None:
    customer = Recipient("user", new_id())
    await mail_service.unsubscribe(stores.documents, Subscription(customer, NotificationType.TRANSACTIONAL))
    assert await reasons(stores, "a@example.com", due(customer, "transactional")) == [None]


async def test_a_dead_address_is_dead_for_every_type(stores: Stores, settings: Settings) -> None:
    customer = Recipient("user", new_id())
    await mail_service.mark_undeliverable(stores.documents, settings, "dead@example.com")
    messages = [due(customer), due(customer, "transactional")]
    assert await reasons(stores, "Dead@example.com", *messages) == [DropReason.UNDELIVERABLE] * 2
    assert await reasons(stores, "alive@example.com", *messages) == [None, None]
    stored = await stores.documents["message_undeliverable"].find().to_list()
    assert "example" not in str(stored)


async def test_erasing_a_customer_forgets_what_they_unsubscribed_from(stores: Stores) -> None:
    customer = Recipient("user", new_id())
    await mail_service.unsubscribe(stores.documents, Subscription(customer, NotificationType.PROMOTIONAL))
    assert PART.erase is not None
    await PART.erase(stores, customer.id)
    assert await stores.documents["message_unsubscribed"].count_documents({}) == 0
