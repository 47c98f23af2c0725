"""The staff note something about a customer: plain text, encrypted, never changed; its author may take it back.

A note is personal data of the customer. They get its text with their data, without the author, who is another person; it is
erased with the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core.errors import IdempotencyKeyReused
from gencharge.core.events.events import emit
from gencharge.core.http.idempotency import Answered
from gencharge.core.http.paging import PageQuery
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.notes import crud
from gencharge.notes.errors import NoteNotFound, NoteOfAnotherAdmin
from gencharge.notes.events import CustomerNoted, CustomerNoteTakenBack
from gencharge.notes.models import CustomerNote
from gencharge.notes.staff_schemas import NoteOut, NotePage
from gencharge.users import service as users

# Of a page of an export.
_EXPORT_ROWS: Final = 100


async def write(
    db: AsyncSession, user_id: UUID, *, author_id: UUID, text: str, key: str
) -> Answered[NoteOut]:
    """Write a note. The same key again gives the note that it wrote.

    Raises UserNotFound, UserAlreadyArchived, IdempotencyKeyReused.
    """
    # Held against the erasure of the account, which would leave a note behind that comes after it.
    await users.lock(db, user_id)
    vault, note_id = Vault.of(db), new_id()
    row = await crud.add_note(
        db,
        user_id=user_id,
        note_id=note_id,
        author_id=author_id,
        key=key,
        text=await vault.seal(CustomerNote.text, (user_id, note_id), text),
        created_at=clock.now(),
    )
    if row is None:
        return await _repeated(db, user_id, author_id, text, key)
    await emit(db, CustomerNoted(user_id=str(user_id), note_id=str(note_id)))
    [note] = await _to_out(db, [row])
    return Answered(note)


async def list_notes(db: AsyncSession, user_id: UUID, page: PageQuery) -> NotePage:
    """A page of the notes about a customer, the newest first; also of one whose account is closed."""
    rows, cursor, total = await crud.list_of_user(db, user_id, page)
    return NotePage(items=await _to_out(db, rows), next_cursor=cursor, total=total)


async def take_back(db: AsyncSession, user_id: UUID, note_id: UUID, *, by: UUID) -> None:
    """Delete a note of one's own; the audit trail keeps that it was there. Raises NoteNotFound, NoteOfAnotherAdmin."""
    note = await crud.lock_note(db, user_id, note_id)
    if note is None:
        raise NoteNotFound
    if note.author_id != by:
        raise NoteOfAnotherAdmin
    await crud.delete_note(db, note)
    await emit(db, CustomerNoteTakenBack(user_id=str(user_id), note_id=str(note_id)))


async def list_for_customer(
    db: AsyncSession, user_id: UUID, cursor: str | None
) -> tuple[Sequence[dict[str, object]], str | None]:
    """A page of what is written about a customer, without the authors, and the next cursor."""
    rows, after, _ = await crud.list_of_user(db, user_id, PageQuery(limit=_EXPORT_ROWS, cursor=cursor))
    vault = Vault.of(db)
    return [
        {
            "note_id": row.note_id,
            "text": await vault.show(row, CustomerNote.text),
            "created_at": row.created_at,
        }
        for row in rows
    ], after


async def erase(db: AsyncSession, user_id: UUID) -> None:
    """Delete all notes about a customer."""
    await crud.delete_of_user(db, user_id)


async def _repeated(
    db: AsyncSession, user_id: UUID, author_id: UUID, text: str, key: str
) -> Answered[NoteOut]:
    row = await crud.find_note(db, user_id, author_id, key)
    assert row is not None, "the customer is locked, so nobody took it back since"
    [note] = await _to_out(db, [row])
    if note.text != text:
        raise IdempotencyKeyReused
    return Answered(note, replayed=True)


async def _to_out(db: AsyncSession, rows: Sequence[CustomerNote]) -> list[NoteOut]:
    names = await admins.names_of(db, {row.author_id for row in rows})
    vault = Vault.of(db)
    return [
        NoteOut(
            note_id=row.note_id,
            text=await vault.show(row, CustomerNote.text),
            author_id=row.author_id,
            author_name=names.get(row.author_id, ""),
            created_at=row.created_at,
        )
        for row in rows
    ]
