"""The form for visitors: limits, a trap for programs, and the enquiry itself."""

from __future__ import annotations

from pymongo.asynchronous.database import AsyncDatabase
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.contact import form_token, service
from gencharge.contact.errors import ContactFormInvalid
from gencharge.contact.models import EnquiryCategory, Sender, excerpt_of
from gencharge.contact.schemas import ContactFormOut, SendContactForm, SentEnquiryOut
from gencharge.core.errors import RateLimited
from gencharge.core.http.idempotency import Answered
from gencharge.core.http.limit_classes import SentForms
from gencharge.core.settings import Settings
from gencharge.core.stores.mongo import Document
from gencharge.core.values import clock
from gencharge.core.vault.vault import Vault


def new_form(settings: Settings) -> ContactFormOut:
    """What a form needs that is shown now."""
    return ContactFormOut(
        form_token=form_token.issue(settings, clock.now()),
        expires_in_seconds=form_token.MAX_SECONDS,
        categories=list(EnquiryCategory),
    )


async def send(
    db: AsyncSession,
    documents: AsyncDatabase[Document],
    vault: Vault,
    settings: Settings,
    limits: SentForms,
    address: str,
    command: SendContactForm,
    *,
    key: str,
) -> Answered[SentEnquiryOut]:
    """A visitor's enquiry. What a program sent is answered alike, and kept as spam.

    Raises ContactFormInvalid, RateLimited, IdempotencyKeyReused, DocumentsUnavailable.
    """
    age = form_token.age_seconds(settings, command.form_token, clock.now())
    if age is None:
        raise ContactFormInvalid
    contact = command.email or command.phone_number or ""
    check_limits(limits, form_token.name_of(settings, contact), address)
    return await service.add(
        db,
        documents,
        vault,
        user_id=None,
        recharge_id=None,
        operator="",
        category=command.category,
        sender=Sender(
            name=command.name,
            email=command.email or "",
            phone_number=command.phone_number or "",
            excerpt=excerpt_of(command.message),
        ),
        message=command.message,
        language=command.language,
        key=service.key_of(form_token.name_of(settings, contact), key),
        is_spam=bool(command.website) or age < form_token.MIN_SECONDS,
    )


def check_limits(limits: SentForms, sender: str, address: str) -> None:
    """Count what a sender sends from an address. Raises RateLimited."""
    if wait_seconds := limits.take(sender, address):
        raise RateLimited(retry_after_seconds=wait_seconds)
