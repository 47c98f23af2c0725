"""Enquiries on the wire, as customers and visitors see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from gencharge.contact.models import EnquiryCategory, EnquiryStatus, EntryKind
from gencharge.core.http.paging import Page, PageParams
from gencharge.core.http.web import Body, Out
from gencharge.core.values.language import Language
from gencharge.core.values.person_name import Email, PersonName
from gencharge.core.values.phone import MobileNumber
from gencharge.core.values.text import some_lines

MESSAGE_CHARACTERS = 4_000


def _not_empty(text: str) -> str:
    if not text:
        raise PydanticCustomError("text_required", "Must not be empty")
    return text


MessageText = Annotated[
    str,
    *some_lines(MESSAGE_CHARACTERS),
    AfterValidator(_not_empty),
    Field(
        description="Plain text of up to 4,000 characters; HTML and Markdown are shown as they are written.",
        json_schema_extra={"minLength": 1},
    ),
]


class ContactFormOut(Out):
    """What a form for visitors needs."""

    form_token: str = Field(description="Send it with the form.", examples=["19a2b3c4d5e.5f0c2f2e1c1c4a7e"])
    expires_in_seconds: int = Field(examples=[86_400])
    categories: list[EnquiryCategory]


class SendContactForm(Body):
    """A visitor's enquiry. An e-mail address or a phone number is needed; we answer by e-mail."""

    form_token: str = Field(max_length=100, description="From `GET /contact/form`, at most a day old.")
    name: PersonName
    email: Email | None = None
    phone_number: MobileNumber | None = None
    category: EnquiryCategory
    message: MessageText = Field(examples=["When does the Diwali offer begin?"])
    language: Language = Field(default=Language.ENGLISH, description="The language to answer in.")
    website: str = Field(
        default="",
        max_length=200,
        description="Leave it empty, and hide it in the form: only programs fill it in.",
    )

    @model_validator(mode="after")
    def _can_be_answered(self) -> SendContactForm:
        if self.email is None and self.phone_number is None:
            raise PydanticCustomError("contact_required", "Give an e-mail address or a phone number")
        return self


class SendEnquiry(Body):
    """A customer's enquiry, about one of their recharges if they name it."""

    category: EnquiryCategory
    message: MessageText = Field(examples=["My recharge of today has not arrived."])
    recharge_id: UUID | None = Field(default=None, description="One of my recharges.")


class WriteAgain(Body):
    """The next message about an enquiry."""

    message: MessageText = Field(examples=["It still has not arrived."])


class SentEnquiryOut(Out):
    """We have it."""

    enquiry_id: UUID = Field(description="Quote it if you write or call about this again.")
    created_at: datetime


class OwnSentEnquiryOut(SentEnquiryOut):
    """We have my enquiry, and I can read on there."""

    located_at: ClassVar[str] = "/v1/contact/enquiries/{enquiry_id}"


class EnquiryQuery(PageParams):
    """Which of my enquiries."""

    status: EnquiryStatus | None = None


class EnquiryOut(Out):
    """An enquiry."""

    enquiry_id: UUID
    category: EnquiryCategory
    status: EnquiryStatus
    recharge_id: UUID | None
    excerpt: str = Field(description="How the first message begins.")
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    can_be_reopened_until: datetime | None = Field(
        description="A message before then opens a resolved enquiry again; null while it is not resolved."
    )


class EnquiryMessage(Out):
    """A message of a thread. `kind`: from me, from the staff, or how it ended."""

    entry_id: UUID
    kind: EntryKind
    text: str = Field(description="Plain text: show it as it is, never as HTML.")
    created_at: datetime


class EnquiryDetail(EnquiryOut):
    """An enquiry with its thread, from the first message on."""

    messages: list[EnquiryMessage]


EnquiryPage = Page[EnquiryOut]
