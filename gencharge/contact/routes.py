"""`/contact`: the form for visitors, and customers' own enquiries."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from gencharge.contact import form_service, form_token, service
from gencharge.contact.errors import (
    ContactFormInvalid,
    EnquiryNotFound,
    EnquiryReopenTimeOver,
    EnquiryThreadLimitExceeded,
)
from gencharge.contact.schemas import (
    ContactFormOut,
    EnquiryDetail,
    EnquiryMessage,
    EnquiryPage,
    EnquiryQuery,
    OwnSentEnquiryOut,
    SendContactForm,
    SendEnquiry,
    SentEnquiryOut,
    WriteAgain,
)
from gencharge.core import telemetry
from gencharge.core.errors import (
    DatabaseUnavailable,
    DocumentsUnavailable,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MalformedJson,
    RateLimited,
    ValidationFailed,
)
from gencharge.core.http import idempotency, web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.postgres.database import Db
from gencharge.core.stores.mongo import Documents
from gencharge.core.vault.vault import Vault, get_vault
from gencharge.recharge.errors import RechargeNotFound
from gencharge.sessions.guards import USER_ERRORS, SignedInUser

OwnVault = Annotated[Vault, Depends(get_vault)]
_STORES: Final = (DatabaseUnavailable, DocumentsUnavailable)
_READING: Final = (*USER_ERRORS, *_STORES, ValidationFailed)
_WRITING: Final = (MalformedJson, IdempotencyKeyRequired, IdempotencyKeyReused)
router = web.router("contact")


@router.get("/form", summary="A form for visitors", response_model=ContactFormOut)
async def get_form(request: Request) -> ContactFormOut:
    """What the contact form of a website needs. Ask for it when the form is shown, not when it is sent."""
    return form_service.new_form(request.app.state.settings)


@router.post(
    "",
    summary="Contact us without signing in",
    status_code=201,
    response_model=SentEnquiryOut,
    responses=errors(*_STORES, *_WRITING, ValidationFailed, ContactFormInvalid, RateLimited),
    openapi_extra=idempotency.DOCUMENTED,
)
async def send(
    db: Db, documents: Documents, vault: OwnVault, request: Request, body: SendContactForm
) -> Response:
    """Ask us something. We answer by e-mail. There are no attachments."""
    state = request.app.state
    answer = await form_service.send(
        db,
        documents,
        vault,
        state.settings,
        state.contact_forms,
        telemetry.context().address,
        body,
        key=idempotency.key_of(request),
    )
    return idempotency.reply(answer, status=201)


@router.post(
    "/enquiries",
    summary="Contact us",
    status_code=201,
    response_model=OwnSentEnquiryOut,
    responses=errors(*_READING, *_WRITING, RechargeNotFound, RateLimited),
    openapi_extra=idempotency.DOCUMENTED,
)
async def send_enquiry(
    db: Db, documents: Documents, vault: OwnVault, user: SignedInUser, request: Request, body: SendEnquiry
) -> Response:
    """Ask us something, about one of my recharges if I name it. The answer comes here and into my inbox."""
    state = request.app.state
    sender = form_token.name_of(state.settings, str(user.user_id))
    form_service.check_limits(state.contact_forms, sender, telemetry.context().address)
    key = idempotency.key_of(request)
    sent = await service.send(db, documents, vault, user.user_id, body, key=key)
    own = OwnSentEnquiryOut.model_validate(sent.answer)
    return idempotency.reply(idempotency.Answered(own, replayed=sent.replayed), status=201)


@router.get(
    "/enquiries",
    summary="My enquiries",
    response_model=EnquiryPage,
    responses=errors(*_READING, CursorInvalid),
)
async def list_enquiries(
    documents: Documents, vault: OwnVault, user: SignedInUser, query: Annotated[EnquiryQuery, Query()]
) -> EnquiryPage:
    """What I asked, the newest first."""
    items, cursor, total = await service.list_enquiries(documents, vault, user.user_id, query)
    return EnquiryPage(items=items, next_cursor=cursor, total=total)


@router.get(
    "/enquiries/{enquiry_id}",
    summary="One of my enquiries",
    response_model=EnquiryDetail,
    responses=errors(*_READING, EnquiryNotFound),
)
async def get_enquiry(
    documents: Documents, vault: OwnVault, user: SignedInUser, enquiry_id: UUID
) -> EnquiryDetail:
    """An enquiry with its thread, from the first message on."""
    return await service.show(documents, vault, user.user_id, enquiry_id)


@router.post(
    "/enquiries/{enquiry_id}/messages",
    summary="Write again",
    status_code=201,
    response_model=EnquiryMessage,
    responses=errors(
        *_READING, *_WRITING, EnquiryNotFound, EnquiryReopenTimeOver, EnquiryThreadLimitExceeded, RateLimited
    ),
    openapi_extra=idempotency.DOCUMENTED,
)
async def reply_enquiry(
    db: Db,
    documents: Documents,
    vault: OwnVault,
    user: SignedInUser,
    request: Request,
    enquiry_id: UUID,
    body: WriteAgain,
) -> Response:
    """My next message. It opens an enquiry again that was resolved within the last 14 days."""
    key = idempotency.key_of(request)
    answer = await service.write_again(db, documents, vault, user.user_id, enquiry_id, body.message, key=key)
    return idempotency.reply(answer, status=201)
