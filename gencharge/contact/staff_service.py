"""What the staff do with enquiries: assign, note, answer, resolve, open again."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.contact import crud, events, service
from gencharge.contact.errors import (
    EnquiryAlreadyResolved,
    EnquiryAssigneeInvalid,
    EnquiryNotFound,
    EnquiryNotResolved,
    EnquirySenderNotReachable,
)
from gencharge.contact.mails import recipient_of
from gencharge.contact.models import Enquiry, EnquiryStatus, Entry, EntryKind, open_enquiry, open_thread
from gencharge.contact.staff_schemas import EnquiryUpdate, EntryOut
from gencharge.core.events import document_events
from gencharge.core.events.events import Event, changes
from gencharge.core.http import etags
from gencharge.core.http.idempotency import Answered
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document, answering
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.vault.vault import Vault
from gencharge.messages import service as messages
from gencharge.messages.models import MessageChannel
from gencharge.sessions.guards import Action, Principal, Resource, permission

Documents = AsyncDatabase[Document]
WORKS_ON_ENQUIRIES: Final = permission(Resource.CONTACT, Action.EDIT)


def in_scope(admin: Principal) -> Document:
    """The condition that keeps a query inside an admin's operators; empty for an admin who has all."""
    return {"operator": {"$in": list(admin.operator_scope)}} if admin.operator_scope else {}


async def get(documents: Documents, admin: Principal, enquiry_id: UUID) -> Document:
    """An enquiry's document. Raises EnquiryNotFound, DocumentsUnavailable."""
    with answering(documents):
        document = await crud.get_enquiry(documents, enquiry_id, in_scope(admin))
    if document is None:
        raise EnquiryNotFound
    return document


async def update(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    admin: Principal,
    enquiry_id: UUID,
    if_match: str | None,
    command: EnquiryUpdate,
) -> None:
    """Another category, or a complaint's number. Raises EnquiryNotFound, ResourceChanged, DocumentsUnavailable."""
    values = command.model_dump(mode="json", exclude_unset=True)
    await _set(db, documents, vault, admin, enquiry_id, if_match, values)


async def assign(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    admin: Principal,
    enquiry_id: UUID,
    if_match: str | None,
    assignee_id: UUID | None,
) -> None:
    """Let an admin work on it, or nobody.

    Raises EnquiryNotFound, EnquiryAssigneeInvalid, ResourceChanged, DocumentsUnavailable.
    """
    document = await get(documents, admin, enquiry_id)
    if assignee_id is not None:
        able = await admins.holders_of(db, WORKS_ON_ENQUIRIES, document["operator"] or None)
        if assignee_id not in able:
            raise EnquiryAssigneeInvalid
    await _set(db, documents, vault, admin, enquiry_id, if_match, {"assignee_id": assignee_id})


async def note(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    admin: Principal,
    enquiry_id: UUID,
    text: str,
    *,
    key: str,
) -> Answered[EntryOut]:
    """Write something for the staff. Raises EnquiryNotFound, EnquiryThreadLimitExceeded, IdempotencyKeyReused, DocumentsUnavailable."""
    document = await get(documents, admin, enquiry_id)
    entry = _entry(admin, EntryKind.NOTE, text, key)
    enquiry = await open_enquiry(vault, document)
    event = events.EnquiryNoted(
        user_id=_customer(enquiry), enquiry_id=str(enquiry_id), entry_id=str(entry.id)
    )
    return await _write(db, documents, vault, document, entry, {}, event)


async def reply(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    settings: Settings,
    admin: Principal,
    enquiry_id: UUID,
    text: str,
    *,
    key: str,
) -> Answered[EntryOut]:
    """Write to the sender. A resolved enquiry stays resolved.

    Raises EnquiryNotFound, EnquirySenderNotReachable, EnquiryThreadLimitExceeded, IdempotencyKeyReused, DocumentsUnavailable.
    """
    document = await get(documents, admin, enquiry_id)
    enquiry = await open_enquiry(vault, document)
    _check_reachable(settings, enquiry)
    entry = _entry(admin, EntryKind.REPLY, text, key)
    values = _first_answer(enquiry, entry)
    if enquiry.status is not EnquiryStatus.RESOLVED:
        values["status"] = EnquiryStatus.ANSWERED.value
    event = events.EnquiryAnswered(
        user_id=_customer(enquiry),
        enquiry_id=str(enquiry_id),
        entry_id=str(entry.id),
        category=enquiry.category.value,
    )
    return await _write(db, documents, vault, document, entry, values, event)


async def resolve(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    admin: Principal,
    enquiry_id: UUID,
    text: str,
    *,
    key: str,
) -> Answered[EntryOut]:
    """End it, and tell the sender how. A sender without an e-mail address is told nothing; without a mail server the e-mail waits for one.

    Raises EnquiryNotFound, EnquiryAlreadyResolved, EnquiryThreadLimitExceeded, IdempotencyKeyReused, DocumentsUnavailable.
    """
    document = await get(documents, admin, enquiry_id)
    enquiry = await open_enquiry(vault, document)
    entry = _entry(admin, EntryKind.RESOLUTION, text, key)
    values = _first_answer(enquiry, entry)
    values |= {"status": EnquiryStatus.RESOLVED.value, "resolved_at": entry.created_at}
    event = events.EnquiryResolved(
        user_id=_customer(enquiry),
        enquiry_id=str(enquiry_id),
        entry_id=str(entry.id),
        category=enquiry.category.value,
    )
    earlier = service.same_request(await open_thread(vault, document), entry)
    if earlier is None and enquiry.status is EnquiryStatus.RESOLVED:
        raise EnquiryAlreadyResolved
    return await _write(db, documents, vault, document, entry, values, event)


async def reopen(
    db: AsyncSession, documents: Documents, vault: Vault, admin: Principal, enquiry_id: UUID
) -> None:
    """Open a resolved enquiry again, or one that was taken for spam. Raises EnquiryNotFound, EnquiryNotResolved, DocumentsUnavailable."""
    enquiry = await open_enquiry(vault, await get(documents, admin, enquiry_id))
    if enquiry.status not in {EnquiryStatus.RESOLVED, EnquiryStatus.SPAM}:
        raise EnquiryNotResolved
    event = events.EnquiryReopened(user_id=_customer(enquiry), enquiry_id=str(enquiry_id))
    values = {"status": EnquiryStatus.OPEN.value, "resolved_at": None}
    await service.change(db, documents, vault, enquiry, values, event)


async def delete(
    db: AsyncSession, documents: Documents, admin: Principal, enquiry_id: UUID, reason: str
) -> None:
    """Delete it for good, as a visitor may ask for. Raises EnquiryNotFound, DocumentsUnavailable."""
    document = await get(documents, admin, enquiry_id)
    user_id = str(document["user_id"] or SYSTEM_USER_ID)
    event = events.EnquiryDeleted(user_id=user_id, enquiry_id=str(enquiry_id), reason=reason)
    # The document goes, so that it can't carry the event: if the commit fails, the deletion is repeated by the admin.
    await document_events.emit_carried(db, document_events.carry(event))
    with answering(documents):
        await crud.delete_enquiry(documents, enquiry_id, in_scope(admin))
    await messages.forget(documents, recipient_of(enquiry_id))


async def _set(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    admin: Principal,
    enquiry_id: UUID,
    if_match: str | None,
    values: dict[str, Any],
) -> None:
    enquiry = await open_enquiry(vault, await get(documents, admin, enquiry_id))
    etags.check(if_match, enquiry)
    before = {name: getattr(enquiry, name) for name in values}
    event = events.EnquiryChanged(
        user_id=_customer(enquiry), enquiry_id=str(enquiry_id), changes=changes(before, values)
    )
    await service.change(db, documents, vault, enquiry, values, event)


async def _write(
    db: AsyncSession,
    documents: Documents,
    vault: Vault,
    document: Document,
    entry: Entry,
    values: dict[str, Any],
    event: Event,
) -> Answered[EntryOut]:
    thread = await open_thread(vault, document)
    earlier = service.same_request(thread, entry)
    if earlier is not None:
        return Answered(entry_out(earlier), replayed=True)
    enquiry = await open_enquiry(vault, document)
    await service.change(db, documents, vault, enquiry, values, event, thread=[*thread, entry])
    return Answered(entry_out(entry))


def entry_out(entry: Entry) -> EntryOut:
    """An entry, as the staff see it."""
    return EntryOut(
        entry_id=entry.id,
        kind=entry.kind,
        author_id=entry.author_id,
        text=entry.text,
        created_at=entry.created_at,
    )


def _entry(admin: Principal, kind: EntryKind, text: str, key: str) -> Entry:
    own_key = service.key_of(str(admin.user_id), key)
    return Entry(new_id(), kind, admin.user_id, text, service.present(), own_key)


def _first_answer(enquiry: Enquiry, entry: Entry) -> dict[str, Any]:
    return {} if enquiry.first_answer_at is not None else {"first_answer_at": entry.created_at}


def _check_reachable(settings: Settings, enquiry: Enquiry) -> None:
    if enquiry.user_id is None and not (
        enquiry.sender.email and messages.has_provider(settings, MessageChannel.EMAIL)
    ):
        raise EnquirySenderNotReachable


def _customer(enquiry: Enquiry) -> str:
    return str(enquiry.user_id or SYSTEM_USER_ID)
