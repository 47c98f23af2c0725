"""Unsubscribing, and addresses that bounce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.recipient import Contact, NotificationType, Recipient
from gencharge.messages import mail_crud
from gencharge.messages.bounces import BounceReport, mark_of
from gencharge.messages.crud import Db
from gencharge.messages.models import DropReason
from gencharge.messages.unsubscribing import Subscription


async def unsubscribe(documents: Db, subscription: Subscription) -> None:
    """Send no e-mails of this type to this recipient any more. Raises DocumentsUnavailable."""
    with answering(documents):
        await mail_crud.add_unsubscribed(documents, subscription, clock.now())


async def resubscribe(documents: Db, subscription: Subscription) -> None:
    """Send them again. Raises DocumentsUnavailable."""
    with answering(documents):
        await mail_crud.delete_unsubscribed(documents, subscription)


async def take_reports(documents: Db, settings: Settings, reports: Sequence[BounceReport]) -> None:
    """Write no more to the addresses that bounced for good, and to those whose owners complained. Raises DocumentsUnavailable."""
    with answering(documents):
        for kind in ("hard_bounce", "complaint"):
            marks = [mark_of(settings, report.email) for report in reports if report.kind == kind]
            await mail_crud.add_undeliverable(documents, marks, kind, clock.now())


async def mark_undeliverable(documents: Db, settings: Settings, email: str) -> None:
    """A mail server says that there is no such mailbox. Raises DocumentsUnavailable."""
    with answering(documents):
        await mail_crud.add_undeliverable(documents, [mark_of(settings, email)], "refused", clock.now())


async def is_undeliverable(documents: Db, settings: Settings, email: str) -> bool:
    """Whether we may not write to this address any more. Raises PyMongoError."""
    mark = mark_of(settings, email)
    return mark in await mail_crud.list_undeliverable(documents, [mark])


async def obstacles(
    documents: Db, settings: Settings, due: Sequence[Document], contacts: Mapping[Recipient, Contact]
) -> dict[object, DropReason]:
    """Which of these e-mails must not be sent, by id, and why. A transactional one can't be unsubscribed from."""
    marks, names = dict[object, str](), dict[object, str]()
    for document in due:
        recipient = Recipient(document["recipient_kind"], document["recipient_id"])
        contact = contacts.get(recipient)
        if contact is not None and contact.email:
            marks[document["_id"]] = mark_of(settings, contact.email)
        if document["type"] != NotificationType.TRANSACTIONAL:
            subscription = Subscription(recipient, NotificationType(document["type"]))
            names[document["_id"]] = subscription.name
    dead = await mail_crud.list_undeliverable(documents, marks.values())
    left = await mail_crud.list_unsubscribed(documents, names.values())
    unsubscribed = {each: DropReason.UNSUBSCRIBED for each, name in names.items() if name in left}
    return unsubscribed | {each: DropReason.UNDELIVERABLE for each, mark in marks.items() if mark in dead}
