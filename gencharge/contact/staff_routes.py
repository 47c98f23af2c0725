"""`/contact/admin`: enquiries, for the staff."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from gencharge.contact import staff_list_service as views
from gencharge.contact import staff_service
from gencharge.contact.errors import (
    EnquiryAlreadyResolved,
    EnquiryAssigneeInvalid,
    EnquiryNotFound,
    EnquiryNotResolved,
    EnquirySenderNotReachable,
    EnquiryThreadLimitExceeded,
)
from gencharge.contact.staff_schemas import (
    AssignEnquiry,
    EnquiryFigures,
    EnquiryFiguresQuery,
    EnquiryUpdate,
    EntryOut,
    StaffEnquiryDetail,
    StaffEnquiryPage,
    StaffEnquiryQuery,
    StaffText,
)
from gencharge.core.errors import (
    DatabaseUnavailable,
    DocumentsUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.etags import IfMatch, ResourceChanged
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.core.vault.vault import Vault, get_vault
from gencharge.sessions.errors import StepUpRequired
from gencharge.sessions.guards import SCOPED_ERRORS, Action, Principal, Requires, Resource

_ALWAYS: Final = (*SCOPED_ERRORS, ValidationFailed, DatabaseUnavailable, DocumentsUnavailable)
_WRITING: Final = (
    *_ALWAYS,
    MalformedJson,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    EnquiryNotFound,
    EnquiryThreadLimitExceeded,
)
OwnVault = Annotated[Vault, Depends(get_vault)]
Reader = Annotated[Principal, Depends(Requires(Resource.CONTACT, Action.READ, scoped=True))]
Editor = Annotated[Principal, Depends(Requires(Resource.CONTACT, Action.EDIT, scoped=True))]
Deleter = Annotated[Principal, Depends(Requires(Resource.CONTACT, Action.DELETE, scoped=True, step_up=True))]
router = web.router("contact")


@router.get(
    "/admin",
    summary="All enquiries (staff)",
    response_model=StaffEnquiryPage,
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def staff_list_enquiries(
    admin: Reader, db: Db, documents: Documents, vault: OwnVault, query: Annotated[StaffEnquiryQuery, Query()]
) -> StaffEnquiryPage:
    """Enquiries, the newest first; for an admin limited to some operators, those about their recharges."""
    return await views.list_enquiries(db, documents, vault, admin, query)


@router.get(
    "/admin/figures",
    summary="How long enquiries take (staff)",
    response_model=EnquiryFigures,
    responses=errors(*_ALWAYS),
)
async def staff_get_figures(
    admin: Reader, documents: Documents, query: Annotated[EnquiryFiguresQuery, Query()]
) -> EnquiryFigures:
    """How many enquiries of each category came, and how long the first answer and the resolution took."""
    return await views.figures(documents, admin, query)


@router.get(
    "/admin/{enquiry_id}",
    summary="One enquiry (staff)",
    response_model=StaffEnquiryDetail,
    responses=errors(*_ALWAYS, EnquiryNotFound),
)
async def staff_get_enquiry(
    admin: Reader, db: Db, documents: Documents, vault: OwnVault, enquiry_id: UUID
) -> StaffEnquiryDetail:
    """An enquiry with its thread, the notes, and the customer's card."""
    return await views.detail(db, documents, vault, admin, enquiry_id)


@router.patch(
    "/admin/{enquiry_id}",
    summary="Change what an enquiry is about (staff)",
    response_model=StaffEnquiryDetail,
    responses=errors(*_ALWAYS, MalformedJson, EnquiryNotFound, ResourceChanged),
)
async def staff_update_enquiry(
    admin: Editor,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    enquiry_id: UUID,
    command: EnquiryUpdate,
    if_match: IfMatch = None,
) -> StaffEnquiryDetail:
    """Another category, or the number of a complaint."""
    await staff_service.update(db, documents, vault, admin, enquiry_id, if_match, command)
    return await views.detail(db, documents, vault, admin, enquiry_id)


@router.put(
    "/admin/{enquiry_id}/assignee",
    summary="Assign an enquiry (staff)",
    response_model=StaffEnquiryDetail,
    responses=errors(*_ALWAYS, MalformedJson, EnquiryNotFound, EnquiryAssigneeInvalid, ResourceChanged),
)
async def staff_replace_assignee(
    admin: Editor,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    enquiry_id: UUID,
    command: AssignEnquiry,
    if_match: IfMatch = None,
) -> StaffEnquiryDetail:
    """Let an admin work on it whose role allows that, or nobody."""
    await staff_service.assign(db, documents, vault, admin, enquiry_id, if_match, command.assignee_id)
    return await views.detail(db, documents, vault, admin, enquiry_id)


@router.post(
    "/admin/{enquiry_id}/notes",
    summary="Note something about an enquiry (staff)",
    status_code=201,
    response_model=EntryOut,
    responses=errors(*_WRITING),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_create_note(
    admin: Editor,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    request: Request,
    enquiry_id: UUID,
    command: StaffText,
) -> Response:
    """For the staff alone: the sender never sees it."""
    key = idempotency.key_of(request)
    entry = await staff_service.note(db, documents, vault, admin, enquiry_id, command.text, key=key)
    return idempotency.reply(entry, status=201)


@router.post(
    "/admin/{enquiry_id}/replies",
    summary="Answer an enquiry (staff)",
    status_code=201,
    response_model=EntryOut,
    responses=errors(*_WRITING, EnquirySenderNotReachable),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_create_reply(
    admin: Editor,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    request: Request,
    enquiry_id: UUID,
    command: StaffText,
) -> Response:
    """Write to the sender: a customer is told in the inbox, a visitor by e-mail."""
    key, settings = idempotency.key_of(request), request.app.state.settings
    entry = await staff_service.reply(
        db, documents, vault, settings, admin, enquiry_id, command.text, key=key
    )
    return idempotency.reply(entry, status=201)


@router.post(
    "/admin/{enquiry_id}/resolution",
    summary="Resolve an enquiry (staff)",
    status_code=201,
    response_model=EntryOut,
    responses=errors(*_WRITING, EnquiryAlreadyResolved),
    openapi_extra=idempotency.DOCUMENTED,
)
async def staff_resolve_enquiry(
    admin: Editor,
    db: Db,
    documents: Documents,
    vault: OwnVault,
    request: Request,
    enquiry_id: UUID,
    command: StaffText,
) -> Response:
    """End it, and tell the sender how. A customer can open it again within 14 days by writing."""
    key = idempotency.key_of(request)
    entry = await staff_service.resolve(db, documents, vault, admin, enquiry_id, command.text, key=key)
    return idempotency.reply(entry, status=201)


@router.post(
    "/admin/{enquiry_id}/reopen",
    summary="Open an enquiry again (staff)",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, EnquiryNotFound, EnquiryNotResolved),
)
async def staff_reopen_enquiry(
    admin: Editor, db: Db, documents: Documents, vault: OwnVault, enquiry_id: UUID
) -> None:
    """One that is resolved, or that was taken for spam."""
    await staff_service.reopen(db, documents, vault, admin, enquiry_id)


@router.delete(
    "/admin/{enquiry_id}",
    summary="Delete an enquiry (staff)",
    status_code=204,
    response_model=None,
    responses=errors(*_ALWAYS, StepUpRequired, EnquiryNotFound),
)
async def staff_delete_enquiry(
    admin: Deleter,
    db: Db,
    documents: Documents,
    enquiry_id: UUID,
    reason: Annotated[str, Query(min_length=3, max_length=200, description="For the audit trail.")],
) -> None:
    """Delete it for good, as a visitor may ask for. Needs step-up."""
    await staff_service.delete(db, documents, admin, enquiry_id, reason)
