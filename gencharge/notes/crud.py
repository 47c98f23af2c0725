"""Queries of notes about customers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.notes.models import CustomerNote

_NEWEST = Order(column_of(CustomerNote.created_at), column_of(CustomerNote.note_id))


async def add_note(db: AsyncSession, **values: Any) -> CustomerNote | None:
    """Write a note down; None if its author has written one with this key."""
    statement = insert(CustomerNote).values(**values).on_conflict_do_nothing().returning(CustomerNote)
    return (await db.scalars(statement)).one_or_none()


async def find_note(db: AsyncSession, user_id: UUID, author_id: UUID, key: str) -> CustomerNote | None:
    """The note that its author wrote with this key."""
    statement = select(CustomerNote).where(
        CustomerNote.user_id == user_id, CustomerNote.author_id == author_id, CustomerNote.key == key
    )
    return (await db.scalars(statement)).one_or_none()


async def lock_note(db: AsyncSession, user_id: UUID, note_id: UUID) -> CustomerNote | None:
    """One note about a customer, locked to the end of the transaction."""
    return await db.get(CustomerNote, (user_id, note_id), with_for_update=True, populate_existing=True)


async def list_of_user(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[CustomerNote], str | None, int | None]:
    """A page of the notes about a customer, the newest first."""
    return await fetch_page(db, select(CustomerNote).where(CustomerNote.user_id == user_id), _NEWEST, page)


async def delete_note(db: AsyncSession, note: CustomerNote) -> None:
    """Delete a note."""
    await db.delete(note)
    await db.flush()


async def delete_of_user(db: AsyncSession, user_id: UUID) -> None:
    """Delete all notes about a customer."""
    await db.execute(delete(CustomerNote).where(CustomerNote.user_id == user_id))
