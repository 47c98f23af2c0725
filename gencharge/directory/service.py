"""Claim and look up phone numbers and e-mail addresses."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.directory.errors import EmailTaken, PhoneTaken
from gencharge.directory.models import EmailEntry, OwnerKind, PhoneEntry


async def claim_phone(db: AsyncSession, phone_number: str, *, kind: OwnerKind, owner_id: UUID) -> None:
    """Give `phone_number` (E.164) to an owner. Raises PhoneTaken where it has one."""
    taken = await db.execute(
        insert(PhoneEntry)
        .values(phone_number=phone_number, kind=kind.value, owner_id=owner_id)
        .on_conflict_do_nothing()
        .returning(PhoneEntry.owner_id)
    )
    if taken.first() is None:
        raise PhoneTaken


async def claim_email(db: AsyncSession, email: str, *, kind: OwnerKind, owner_id: UUID) -> None:
    """Give an address, however it is written, to an owner. Raises EmailTaken where another one has it."""
    statement = insert(EmailEntry).values(email=email.lower(), kind=kind.value, owner_id=owner_id)
    # The update changes nothing; it makes the row come back when it is the owner's own already.
    holder = await db.scalar(
        statement.on_conflict_do_update(
            index_elements=[EmailEntry.email], set_={"owner_id": EmailEntry.owner_id}
        ).returning(EmailEntry.owner_id)
    )
    if holder != owner_id:
        raise EmailTaken


async def release(db: AsyncSession, *, owner_id: UUID, phone_number: str | None, email: str | None) -> None:
    """Free an owner's number and address, so that somebody else may have them."""
    if phone_number is not None:
        await db.execute(
            delete(PhoneEntry).where(PhoneEntry.phone_number == phone_number, PhoneEntry.owner_id == owner_id)
        )
    if email is not None:
        await db.execute(
            delete(EmailEntry).where(EmailEntry.email == email.lower(), EmailEntry.owner_id == owner_id)
        )


async def phone_owner(db: AsyncSession, phone_number: str) -> tuple[OwnerKind, UUID] | None:
    """Whose number it is: the kind and the id, or None."""
    row = (
        await db.execute(
            select(PhoneEntry.kind, PhoneEntry.owner_id).where(PhoneEntry.phone_number == phone_number)
        )
    ).first()
    return (OwnerKind(row.kind), row.owner_id) if row else None


async def email_owner(db: AsyncSession, email: str) -> tuple[OwnerKind, UUID] | None:
    """Whose address it is, however it is written: the kind and the id, or None."""
    row = (
        await db.execute(
            select(EmailEntry.kind, EmailEntry.owner_id).where(EmailEntry.email == email.lower())
        )
    ).first()
    return (OwnerKind(row.kind), row.owner_id) if row else None
