"""What follows a change of an enquiry: the document lets go of its event, and a visitor gets an e-mail."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from gencharge.contact import crud, events, mails
from gencharge.contact.models import open_enquiry, open_thread
from gencharge.core.events import document_events
from gencharge.core.events.events import Envelope, Outside
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages

ANNOUNCED: Final = document_events.handed_out(
    "contact.announced",
    crud.ENQUIRIES,
    (
        events.EnquirySent,
        events.EnquiryContinued,
        events.EnquiryAnswered,
        events.EnquiryResolved,
        events.EnquiryReopened,
        events.EnquiryNoted,
        events.EnquiryChanged,
    ),
)
_TO_SENDERS: Final = (events.EnquiryAnswered, events.EnquiryResolved)


async def write_to_visitors(stores: Any, batch: list[Envelope]) -> None:
    """Queue the e-mails of these events, each once.

    Raises DocumentsUnavailable, DatabaseUnavailable, PyMongoError, and what `open_enquiry` does.
    """
    answers = [cast(events.EnquiryAnswered, envelope.event) for envelope in batch]
    for answer in answers:
        if answer.user_id == str(SYSTEM_USER_ID):
            await _queue(stores, answer)


async def _queue(stores: Stores, answer: events.EnquiryAnswered) -> None:
    document = await crud.get_enquiry(stores.documents, UUID(answer.enquiry_id), {})
    # It was deleted since, or the last release has sent it.
    if document is None or answer.entry_id in document["mailed"]:
        return
    vault = Vault.of_database(stores.database)
    enquiry = await open_enquiry(vault, document)
    if not enquiry.sender.email:
        return
    thread = await open_thread(vault, document)
    entry = next(entry for entry in thread if str(entry.id) == answer.entry_id)
    await messages.enqueue(stores.documents, vault, [mails.mail_of(enquiry, entry)])


VISITORS: Final = Outside("contact.visitors", _TO_SENDERS, write_to_visitors)
