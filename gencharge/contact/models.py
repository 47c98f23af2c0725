"""Enquiries in MongoDB (collection `enquiries`): what somebody asks, and all that is written about it. Instants in UTC, to the millisecond.

Who wrote and what was written are encrypted, in two fields: lists read the sender, and only a detail reads the thread. Every change moves
an enquiry from one `generation` to the next.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import orjson

from gencharge.core import telemetry
from gencharge.core.rooms.resealing import UNREADABLE, SealedDocuments
from gencharge.core.stores.mongo import Document
from gencharge.core.values.language import Language
from gencharge.core.vault.columns import place
from gencharge.core.vault.vault import Vault

EXCERPT_CHARACTERS: Final = 120
log = telemetry.get_logger(__name__)


class EnquiryCategory(StrEnum):
    """What an enquiry is about."""

    RECHARGE = "recharge"
    PAYMENT = "payment"
    REFUND = "refund"
    WALLET = "wallet"
    ACCOUNT = "account"
    OFFERS = "offers"
    COMPLAINT = "complaint"
    OTHER = "other"


class EnquiryStatus(StrEnum):
    """Where an enquiry stands."""

    OPEN = "open"
    """It waits for us."""
    ANSWERED = "answered"
    """It waits for the sender."""
    RESOLVED = "resolved"
    """It is done."""
    SPAM = "spam"
    """A trap of the form caught it; nobody is asked to look at it."""


class EntryKind(StrEnum):
    """What a part of a thread is."""

    MESSAGE = "message"
    """From the sender."""
    REPLY = "reply"
    """From the staff, to the sender."""
    RESOLUTION = "resolution"
    """From the staff, to the sender: how it ended."""
    NOTE = "note"
    """From the staff, for the staff."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who asked, and how their message begins. A customer's own data stand in their account."""

    name: str
    email: str
    phone_number: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of a thread. `author_id`: the customer or the admin; None for a visitor. `key`: of the request that wrote it."""

    id: UUID
    kind: EntryKind
    author_id: UUID | None
    text: str
    created_at: datetime
    key: str

    def plain(self) -> dict[str, Any]:
        """As JSON. An id may be of asyncpg's own class, which orjson does not know."""
        author = None if self.author_id is None else str(self.author_id)
        return asdict(self) | {"id": str(self.id), "author_id": author}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Entry:
        """The entry of `plain`, after JSON."""
        author = values["author_id"]
        return cls(
            id=UUID(values["id"]),
            kind=EntryKind(values["kind"]),
            author_id=UUID(author) if author else None,
            text=values["text"],
            created_at=datetime.fromisoformat(values["created_at"]),
            key=values["key"],
        )


@dataclass(frozen=True, slots=True)
class Enquiry:
    """An enquiry without its thread. `operator`: of the recharge that it is about, or empty."""

    enquiry_id: UUID
    user_id: UUID | None
    recharge_id: UUID | None
    operator: str
    category: EnquiryCategory
    status: EnquiryStatus
    assignee_id: UUID | None
    complaint_reference: str
    language: Language
    sender: Sender
    created_at: datetime
    updated_at: datetime
    first_answer_at: datetime | None
    resolved_at: datetime | None
    generation: int

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f"{self.generation:x}"


def _nothing(_document: Document) -> str:
    """No earlier version wrote any of it in clear."""
    return ""


SENDER: Final = SealedDocuments("enquiries", "sender", _nothing, ())
THREAD: Final = SealedDocuments("enquiries", "thread", _nothing, ())


def excerpt_of(text: str) -> str:
    """How a message begins, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT_CHARACTERS else line[: EXCERPT_CHARACTERS - 1] + "…"


async def seal_sender(vault: Vault, enquiry_id: UUID, sender: Sender) -> str:
    """The sender as the document keeps it. Raises DataKeyNotUsable, DatabaseUnavailable."""
    return await vault.seal_at(place(SENDER.name, (enquiry_id,)), orjson.dumps(asdict(sender)).decode())


async def seal_thread(vault: Vault, enquiry_id: UUID, thread: list[Entry]) -> str:
    """The thread as the document keeps it. Raises DataKeyNotUsable, DatabaseUnavailable."""
    plain = orjson.dumps([entry.plain() for entry in thread]).decode()
    return await vault.seal_at(place(THREAD.name, (enquiry_id,)), plain)


async def open_enquiry(vault: Vault, document: Document) -> Enquiry:
    """The enquiry of a document. Raises DataKeyLost, DataKeyNotUsable, StoredDataChanged, DatabaseUnavailable."""
    sender = await vault.open_at(place(SENDER.name, (document["_id"],)), document["sender"])
    return _enquiry(document, Sender(**orjson.loads(sender)))


async def open_listed(vault: Vault, document: Document) -> Enquiry:
    """The same for a list, where one enquiry that can't be read hides no other: it has no sender and no excerpt.

    Raises DatabaseUnavailable.
    """
    try:
        return await open_enquiry(vault, document)
    except UNREADABLE as error:
        log.error("enquiry_not_readable", enquiry_id=str(document["_id"]), problem=error.code())
        return _enquiry(document, Sender("", "", "", ""))


def _enquiry(document: Document, sender: Sender) -> Enquiry:
    return Enquiry(
        enquiry_id=document["_id"],
        user_id=document["user_id"],
        recharge_id=document["recharge_id"],
        operator=document["operator"],
        category=EnquiryCategory(document["category"]),
        status=EnquiryStatus(document["status"]),
        assignee_id=document["assignee_id"],
        complaint_reference=document["complaint_reference"],
        language=Language(document["language"]),
        sender=sender,
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        first_answer_at=document["first_answer_at"],
        resolved_at=document["resolved_at"],
        generation=document["generation"],
    )


async def open_thread(vault: Vault, document: Document) -> list[Entry]:
    """The thread of a document, from the first entry on. Raises what `open_enquiry` does."""
    plain = await vault.open_at(place(THREAD.name, (document["_id"],)), document["thread"])
    return [Entry.of(values) for values in orjson.loads(plain)]
