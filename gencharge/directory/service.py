"""Claim, release and look up phone numbers and e-mail addresses. Addresses are compared without regard to case."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.directory import crud
from gencharge.directory.errors import EmailAlreadyExists, PhoneNumberAlreadyExists
from gencharge.directory.models import OwnerKind


async def claim_phone(db: AsyncSession, phone_number: str, *, kind: OwnerKind, owner_id: UUID) -> None:
    """Give a number (E.164) to an owner. Raises PhoneNumberAlreadyExists if it has one, even the same one."""
    if not await crud.add_phone(db, phone_number, kind=kind, owner_id=owner_id):
        raise PhoneNumberAlreadyExists


async def claim_email(db: AsyncSession, email: str, *, kind: OwnerKind, owner_id: UUID) -> None:
    """Give an address to an owner, who may have it already. Raises EmailAlreadyExists if it is another owner's."""
    if await crud.add_email_if_missing(db, email.lower(), kind=kind, owner_id=owner_id) != owner_id:
        raise EmailAlreadyExists


async def release(db: AsyncSession, *, owner_id: UUID, phone_number: str | None, email: str | None) -> None:
    """Free an owner's number, address or both for others. Another owner's stays."""
    if phone_number is not None:
        await crud.delete_phone(db, phone_number, owner_id=owner_id)
    if email is not None:
        await crud.delete_email(db, email.lower(), owner_id=owner_id)


async def phone_owner(db: AsyncSession, phone_number: str) -> tuple[OwnerKind, UUID] | None:
    """The kind and the id of a number's owner; None if it has none."""
    return await crud.get_phone_owner(db, phone_number)


async def email_owner(db: AsyncSession, email: str) -> tuple[OwnerKind, UUID] | None:
    """The kind and the id of an address's owner; None if it has none."""
    return await crud.get_email_owner(db, email.lower())
