"""Queries of the directory."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.directory.models import EmailEntry, OwnerKind, PhoneEntry


async def add_phone(db: AsyncSession, phone_number: str, *, kind: OwnerKind, owner_id: UUID) -> bool:
    """Enter a number and its owner. False if the number has an owner already, even the same one."""
    statement = insert(PhoneEntry).values(phone_number=phone_number, kind=kind.value, owner_id=owner_id)
    return await db.scalar(statement.on_conflict_do_nothing().returning(PhoneEntry.owner_id)) is not None


async def add_email_if_missing(
    db: AsyncSession, email: str, *, kind: OwnerKind, owner_id: UUID
) -> UUID | None:
    """Enter an address (lower case) unless it is there; returns the id of its owner."""
    statement = insert(EmailEntry).values(email=email, kind=kind.value, owner_id=owner_id)
    # The update changes nothing; it makes PostgreSQL return the row that was there before.
    holder: UUID | None = await db.scalar(
        statement.on_conflict_do_update(
            index_elements=[EmailEntry.email], set_={"owner_id": EmailEntry.owner_id}
        ).returning(EmailEntry.owner_id)
    )
    return holder


async def delete_phone(db: AsyncSession, phone_number: str, *, owner_id: UUID) -> None:
    """Remove a number that belongs to this owner."""
    await db.execute(
        delete(PhoneEntry).where(PhoneEntry.phone_number == phone_number, PhoneEntry.owner_id == owner_id)
    )


async def delete_email(db: AsyncSession, email: str, *, owner_id: UUID) -> None:
    """Remove an address (lower case) that belongs to this owner."""
    await db.execute(delete(EmailEntry).where(EmailEntry.email == email, EmailEntry.owner_id == owner_id))


async def get_phone_owner(db: AsyncSession, phone_number: str) -> tuple[OwnerKind, UUID] | None:
    """The kind and the id of a number's owner."""
    statement = select(PhoneEntry.kind, PhoneEntry.owner_id).where(PhoneEntry.phone_number == phone_number)
    row = (await db.execute(statement)).first()
    return (OwnerKind(row.kind), row.owner_id) if row else None


async def get_email_owner(db: AsyncSession, email: str) -> tuple[OwnerKind, UUID] | None:
    """The kind and the id of the owner of an address (lower case)."""
    statement = select(EmailEntry.kind, EmailEntry.owner_id).where(EmailEntry.email == email)
    row = (await db.execute(statement)).first()
    return (OwnerKind(row.kind), row.owner_id) if row else None
