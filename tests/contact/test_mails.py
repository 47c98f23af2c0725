"""What a visitor reads: plain text, in the language of the form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gencharge.contact.mails import mail_of
from gencharge.contact.models import Enquiry, EnquiryCategory, EnquiryStatus, Entry, EntryKind, Sender
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.core.values.recipient import Recipient

NOW = clock.now()
ENQUIRY = Enquiry(
    enquiry_id=new_id(),
    user_id=None,
    recharge_id=None,
    operator="",
    category=EnquiryCategory.OTHER,
    status=EnquiryStatus.OPEN,
    assignee_id=None,
    complaint_reference="",
    language=Language.ENGLISH,
    sender=Sender("Meera Nair", "meera@example.com", "", "Hello"),
    created_at=NOW,
    updated_at=NOW,
    first_answer_at=None,
    resolved_at=None,
    generation=1,
)
ENTRY = Entry(new_id(), EntryKind.REPLY, new_id(), "<b>Tomorrow</b> {name}", NOW, "key")


def test_an_answer_is_quoted_as_it_was_written() -> None:
    mail = mail_of(ENQUIRY, ENTRY)
    assert (mail.email, mail.title, mail.id) == ("meera@example.com", "Your enquiry to GenCharge", ENTRY.id)
    assert mail.recipient == Recipient("visitor", ENQUIRY.enquiry_id)
    assert mail.text.startswith(
        "Hello Meera Nair,\n\nthis is our answer to your enquiry:\n\n<b>Tomorrow</b> {name}\n\n"
    )
    assert str(ENQUIRY.enquiry_id) in mail.text


@pytest.mark.parametrize("kind", [EntryKind.REPLY, EntryKind.RESOLUTION])
@pytest.mark.parametrize("language", Language)
def test_every_kind_has_words_in_every_language(language: Language, kind: EntryKind) -> None:
    mail = mail_of(replace(ENQUIRY, language=language), replace(ENTRY, kind=kind))
    assert ("नमस्ते" in mail.text) == (language is Language.HINDI)
    assert mail.title
