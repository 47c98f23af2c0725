"""Enquiries of customers and visitors: send, read, write again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.contact import crud
from gencharge.contact.errors import (
    EnquiryNotFound,
    EnquiryReopenTimeOver,
    EnquiryThreadLimitExceeded,
)
from gencharge.contact.events import EnquiryContinued, EnquirySent
from gencharge.contact.models import (
    Enquiry,
    EnquiryCategory,
    EnquiryStatus,
    Entry,
    EntryKind,
    Sender,
    excerpt_of,
    open_enquiry,
    open_listed,
    open_thread,
    seal_sender,
    seal_thread,
)
from gencharge.contact.schemas import (
    EnquiryDetail,
    EnquiryMessage,
    EnquiryOut,
    EnquiryQuery,
    SendEnquiry,
    SentEnquiryOut,
)
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.events import document_events
from gencharge.core.events.events import Event
from gencharge.core.http.idempotency import Answered
from gencharge.core.http.paging import decode_cursor, encode_cursor
from gencharge.core.postgres.database import WriteConflict
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.language import Language
from gencharge.core.vault.vault import Vault
from gencharge.recharge import service as recharges

Documents = AsyncDatabase[Document]
REOPEN_WITHIN: Final = timedelta(days=14)
MAX_ENTRIES: Final = 100


async def send(
    db: AsyncSession, documents: Documents, vault: Vault, user_id: UUID, command: SendEnquiry, *, key: str
) -> Answered[SentEnquiryOut]:
    """A customer's enquiry. Raises RechargeNotFound, IdempotencyKeyReused, DocumentsUnavailable."""
    operator = ""
    if command.recharge_id is not None:
        operator = (await recharges.get(db, user_id, command.recharge_id)).operator
    return await add(
        db,
        documents,
        vault,
        user_id=user_id,
        recharge_id=command.recharge_id,
        operator=operator,
        category=command.category,
        sender=Sender(name="", email="", phone_number="", excerpt=excerpt_of(command.message)),
        message=command.message,
        language=Language.ENGLISH,
        key=key_of(str(user_id), key),
    )


async def add(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    *,
    user_id: UUID | None,
    recharge_id: UUID | None,
    operator: str,
    category: EnquiryCategory,
    sender: Sender,
    message: str,
    language: Language,
    key: str,
    is_spam: bool = False,
) -> Answered[SentEnquiryOut]:
    """Keep an enquiry, and announce it unless it is spam. Raises IdempotencyKeyReused, DocumentsUnavailable."""
    fingerprint = _digest(category, recharge_id, sender, message)
    with answering(documents):
        earlier = await crud.find_by_key(documents, key)
    if earlier is not None:
        if earlier["fingerprint"] != fingerprint:
            raise IdempotencyKeyReused
        return Answered(_sent(earlier), replayed=True)
    now, enquiry_id = present(), new_id()
    first = Entry(new_id(), EntryKind.MESSAGE, user_id, message, now, key)
    carried = []
    if not is_spam:
        event = EnquirySent(
            user_id=str(user_id or SYSTEM_USER_ID), enquiry_id=str(enquiry_id), category=category.value
        )
        carried = [document_events.carry(event)]
        await document_events.emit_carried(db, *carried)
    document = {
        "_id": enquiry_id,
        "user_id": user_id,
        "recharge_id": recharge_id,
        "operator": operator,
        "category": category.value,
        "status": (EnquiryStatus.SPAM if is_spam else EnquiryStatus.OPEN).value,
        "assignee_id": None,
        "complaint_reference": "",
        "language": language.value,
        "sender": await seal_sender(vault, enquiry_id, sender),
        "thread": await seal_thread(vault, enquiry_id, [first]),
        "key": key,
        "fingerprint": fingerprint,
        # A worker of the last release reads and fills it.
        "mailed": [],
        "generation": 1,
        "created_at": now,
        "updated_at": now,
        "first_answer_at": None,
        "resolved_at": None,
        document_events.FIELD: carried,
    }
    with answering(documents):
        if not await crud.add_enquiry(documents, document):
            # The same request, at the same time: the next try reads what the other one wrote.
            raise WriteConflict
    return Answered(_sent(document))


async def list_enquiries(
    documents: Documents, vault: Vault, user_id: UUID, query: EnquiryQuery
) -> tuple[list[EnquiryOut], str | None, int | None]:
    """A page of a customer's enquiries, the newest first, the next cursor, and the total if it was asked for.

    Raises CursorInvalid, DocumentsUnavailable.
    """
    conditions: Document = {"user_id": user_id}
    if query.status is not None:
        conditions["status"] = query.status.value
    with answering(documents):
        read = await crud.list_enquiries(documents, conditions, after_of(query.cursor), query.limit + 1)
        counts = await crud.count_by_status(documents, conditions) if query.include_total else None
    items = [_shown(await open_listed(vault, document)) for document in read[: query.limit]]
    total = None if counts is None else sum(counts.values())
    return items, next_cursor(read, query.limit), total


async def show(documents: Documents, vault: Vault, user_id: UUID, enquiry_id: UUID) -> EnquiryDetail:
    """A customer's enquiry with its thread, without notes. Raises EnquiryNotFound, DocumentsUnavailable."""
    return await _detail(vault, await _own(documents, user_id, enquiry_id))


async def list_whole(
    documents: Documents, vault: Vault, user_id: UUID, cursor: str | None, limit: int
) -> tuple[Sequence[EnquiryDetail], str | None]:
    """A page of a customer's enquiries with their threads, for an export. Raises DocumentsUnavailable."""
    with answering(documents):
        read = await crud.list_whole(documents, user_id, after_of(cursor), limit + 1)
    return [await _detail(vault, document) for document in read[:limit]], next_cursor(read, limit)


async def write_again(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    user_id: UUID,
    enquiry_id: UUID,
    message: str,
    *,
    key: str,
) -> Answered[EnquiryMessage]:
    """A customer's next message; it opens a resolved enquiry again for 14 days.

    Raises EnquiryNotFound, EnquiryReopenTimeOver, EnquiryThreadLimitExceeded, IdempotencyKeyReused, DocumentsUnavailable.
    """
    document = await _own(documents, user_id, enquiry_id)
    enquiry = await open_enquiry(vault, document)
    entry = Entry(new_id(), EntryKind.MESSAGE, user_id, message, present(), key_of(str(user_id), key))
    thread = await open_thread(vault, document)
    earlier = same_request(thread, entry)
    if earlier is not None:
        return Answered(_message(earlier), replayed=True)
    end = _reopen_end(enquiry)
    if end is not None and entry.created_at > end:
        raise EnquiryReopenTimeOver
    event = EnquiryContinued(
        user_id=str(user_id), enquiry_id=str(enquiry_id), reopened=enquiry.resolved_at is not None
    )
    values = {"status": EnquiryStatus.OPEN.value, "resolved_at": None}
    await change(db, documents, vault, enquiry, values, event, thread=[*thread, entry])
    return Answered(_message(entry))


async def change(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    enquiry: Enquiry,
    values: dict[str, Any],
    event: Event,
    *,
    thread: list[Entry] | None = None,
) -> None:
    """Move an enquiry on, and announce it. If somebody else did in the meantime, the whole request begins again.

    Raises EnquiryThreadLimitExceeded, DocumentsUnavailable.
    """
    values = values | {"updated_at": present()}
    if thread is not None:
        if len(thread) > MAX_ENTRIES:
            raise EnquiryThreadLimitExceeded
        values["thread"] = await seal_thread(vault, enquiry.enquiry_id, thread)
    carried = document_events.carry(event)
    await document_events.emit_carried(db, carried)
    with answering(documents):
        if not await crud.change_enquiry(documents, enquiry.enquiry_id, enquiry.generation, values, carried):
            raise WriteConflict


def same_request(thread: Sequence[Entry], entry: Entry) -> Entry | None:
    """The entry that this request wrote before, if it did. Raises IdempotencyKeyReused if it said something else."""
    earlier = next((each for each in thread if each.key == entry.key), None)
    if earlier is not None and (earlier.kind, earlier.text) != (entry.kind, entry.text):
        raise IdempotencyKeyReused
    return earlier


def key_of(owner: str, key: str) -> str:
    """The key of a request, as documents keep it: two owners' keys are never the same."""
    return hashlib.sha256(f"{owner}|{key}".encode()).hexdigest()


def present() -> datetime:
    """The present instant, as MongoDB keeps it."""
    now = clock.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def after_of(cursor: str | None) -> crud.After | None:
    """What a cursor says. Raises CursorInvalid."""
    if cursor is None:
        return None
    instant, tie = decode_cursor(cursor, kinds=(datetime, UUID))
    return instant, tie


def next_cursor(read: Sequence[Document], limit: int) -> str | None:
    """The cursor of the page after the first `limit` of these; None if there is none."""
    if len(read) <= limit:
        return None
    last = read[limit - 1]
    return encode_cursor(last["created_at"], last["_id"])


async def _own(documents: Documents, user_id: UUID, enquiry_id: UUID) -> Document:
    with answering(documents):
        document = await crud.get_enquiry(documents, enquiry_id, {"user_id": user_id})
    if document is None:
        raise EnquiryNotFound
    return document


async def _detail(vault: Vault, document: Document) -> EnquiryDetail:
    thread = await open_thread(vault, document)
    return EnquiryDetail(
        **vars(_shown(await open_enquiry(vault, document))),
        messages=[_message(entry) for entry in thread if entry.kind is not EntryKind.NOTE],
    )


def _shown(enquiry: Enquiry) -> EnquiryOut:
    return EnquiryOut(
        enquiry_id=enquiry.enquiry_id,
        category=enquiry.category,
        status=enquiry.status,
        recharge_id=enquiry.recharge_id,
        excerpt=enquiry.sender.excerpt,
        created_at=enquiry.created_at,
        updated_at=enquiry.updated_at,
        resolved_at=enquiry.resolved_at,
        can_be_reopened_until=_reopen_end(enquiry),
    )


def _message(entry: Entry) -> EnquiryMessage:
    return EnquiryMessage(entry_id=entry.id, kind=entry.kind, text=entry.text, created_at=entry.created_at)


def _reopen_end(enquiry: Enquiry) -> datetime | None:
    return enquiry.resolved_at + REOPEN_WITHIN if enquiry.resolved_at is not None else None


def _sent(document: Document) -> SentEnquiryOut:
    return SentEnquiryOut(enquiry_id=document["_id"], created_at=document["created_at"])


def _digest(category: EnquiryCategory, recharge_id: UUID | None, sender: Sender, message: str) -> str:
    parts = (category.value, str(recharge_id), sender.name, sender.email, sender.phone_number, message)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
