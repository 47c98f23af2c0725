"""Queries of signing in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth.models import SignInFailure


async def get_failure(db: AsyncSession, phone_number: str) -> SignInFailure | None:
    """The failures of a number since its last right code."""
    return await db.get(SignInFailure, phone_number)


async def add_failure(db: AsyncSession, phone_number: str, *, now: datetime) -> int:
    """Count one more wrong code: how many in a row. Holds the row to the end of the transaction."""
    statement = insert(SignInFailure).values(phone_number=phone_number, consecutive=1, updated_at=now)
    counted = await db.scalar(
        statement.on_conflict_do_update(
            index_elements=[SignInFailure.phone_number],
            set_={"consecutive": SignInFailure.consecutive + 1, "updated_at": now},
        ).returning(SignInFailure.consecutive)
    )
    return int(counted or 1)


async def set_locked(db: AsyncSession, phone_number: str, *, until: datetime) -> None:
    """Refuse codes for a number until an instant."""
    await db.execute(
        update(SignInFailure).where(SignInFailure.phone_number == phone_number).values(locked_until=until)
    )


async def delete_failure(db: AsyncSession, phone_number: str) -> None:
    """Start counting anew."""
    await db.execute(delete(SignInFailure).where(SignInFailure.phone_number == phone_number))
