"""The e-mails to visitors, as messages of the queue: plain text, in the language of the form."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from gencharge.contact.models import Enquiry, Entry, EntryKind
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import NotificationType, Recipient
from gencharge.messages.models import MessageChannel, Outgoing

# As the staff see them in the list of parked messages.
KINDS: Final = {EntryKind.REPLY: "enquiry_answered", EntryKind.RESOLUTION: "enquiry_resolved"}
_TEXTS: Final = {
    Language.ENGLISH: {
        "subject": "Your enquiry to GenCharge",
        "greeting": "Hello {name},",
        EntryKind.REPLY: "this is our answer to your enquiry:",
        EntryKind.RESOLUTION: "your enquiry is resolved:",
        "foot": "Your enquiry's number is {number}. To write again, use the contact form and quote this number.",
    },
    Language.HINDI: {
        "subject": "GenCharge से आपकी पूछताछ",
        "greeting": "नमस्ते {name},",
        EntryKind.REPLY: "आपकी पूछताछ पर हमारा जवाब:",
        EntryKind.RESOLUTION: "आपकी पूछताछ का समाधान हो गया है:",
        "foot": "आपकी पूछताछ का नंबर {number} है। दोबारा लिखने के लिए संपर्क फ़ॉर्म का उपयोग करें और यह नंबर बताएँ।",
    },
}


def recipient_of(enquiry_id: UUID) -> Recipient:
    """The visitor who sent an enquiry."""
    return Recipient("visitor", enquiry_id)


def mail_of(enquiry: Enquiry, entry: Entry) -> Outgoing:
    """The e-mail that brings an entry to the visitor who sent the enquiry. Its id is the entry's."""
    texts = _TEXTS[enquiry.language]
    parts = (
        texts["greeting"].format(name=enquiry.sender.name),
        texts[entry.kind],
        entry.text,
        texts["foot"].format(number=enquiry.enquiry_id),
        "GenCharge",
    )
    return Outgoing(
        id=entry.id,
        recipient=recipient_of(enquiry.enquiry_id),
        channel=MessageChannel.EMAIL,
        kind=KINDS[entry.kind],
        type=NotificationType.TRANSACTIONAL,
        title=texts["subject"],
        text="\n\n".join(parts),
        email=enquiry.sender.email,
    )
