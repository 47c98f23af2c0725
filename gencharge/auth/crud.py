"""Queries of signing in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.auth.models import ContactChange, ContactKind, RecoveryCode, SecondFactor, SignInFailure
from gencharge.core.vault.columns import Sealed


async def list_failures(db: AsyncSession, phone_number: str, sources: Collection[str]) -> list[SignInFailure]:
    """The failures of a number by these sources since its last right code."""
    statement = select(SignInFailure).where(
        SignInFailure.phone_number == phone_number, SignInFailure.source.in_(sources)
    )
    return list((await db.scalars(statement)).all())


async def add_failure(db: AsyncSession, phone_number: str, source: str, *, now: datetime) -> int:
    """Count one more wrong code of a source: how many in a row. Holds the row to the end of the transaction."""
    statement = insert(SignInFailure).values(
        phone_number=phone_number, source=source, consecutive=1, updated_at=now
    )
    counted = await db.scalar(
        statement.on_conflict_do_update(
            index_elements=[SignInFailure.phone_number, SignInFailure.source],
            set_={"consecutive": SignInFailure.consecutive + 1, "updated_at": now},
        ).returning(SignInFailure.consecutive)
    )
    return int(counted or 1)


async def set_locked(db: AsyncSession, phone_number: str, source: str, *, until: datetime) -> None:
    """Refuse a source's codes for a number until an instant."""
    await db.execute(
        update(SignInFailure)
        .where(SignInFailure.phone_number == phone_number, SignInFailure.source == source)
        .values(locked_until=until)
    )


async def set_locked_anew(db: AsyncSession, phone_number: str, source: str, *, until: datetime) -> None:
    """Refuse a source's codes for a number until an instant, and count from zero after it."""
    await db.execute(
        update(SignInFailure)
        .where(SignInFailure.phone_number == phone_number, SignInFailure.source == source)
        .values(locked_until=until, consecutive=0)
    )


async def delete_failures(db: AsyncSession, phone_number: str) -> int:
    """Reset the counts of a number: how many there were."""
    deleted = await db.execute(
        delete(SignInFailure)
        .where(SignInFailure.phone_number == phone_number)
        .returning(SignInFailure.source)
    )
    return len(deleted.all())


async def delete_old_failures(db: AsyncSession, *, prefix: str, before: datetime) -> int:
    """Delete what sources of one kind did before an instant: how many rows."""
    deleted = await db.execute(
        delete(SignInFailure)
        .where(SignInFailure.source.startswith(prefix, autoescape=True), SignInFailure.updated_at < before)
        .returning(SignInFailure.source)
    )
    return len(deleted.all())


async def get_factor(db: AsyncSession, admin_id: UUID) -> SecondFactor | None:
    """An admin's second factor, confirmed or not."""
    return await db.get(SecondFactor, admin_id)


async def lock_factor(db: AsyncSession, admin_id: UUID) -> SecondFactor | None:
    """The same, held to the end of the transaction."""
    return await db.get(SecondFactor, admin_id, with_for_update=True, populate_existing=True)


async def is_enrolled(db: AsyncSession, admin_id: UUID) -> bool:
    """True if an admin has a confirmed second factor."""
    statement = select(SecondFactor.admin_id).where(
        SecondFactor.admin_id == admin_id, SecondFactor.confirmed_at.is_not(None)
    )
    return await db.scalar(statement) is not None


async def add_factor_if_missing(db: AsyncSession, admin_id: UUID) -> None:
    """Make the row that `lock_factor` holds."""
    await db.execute(insert(SecondFactor).values(admin_id=admin_id).on_conflict_do_nothing())


async def delete_factor(db: AsyncSession, admin_id: UUID) -> bool:
    """Delete an admin's second factor and recovery codes. False if there was none, confirmed or not."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin_id))
    deleted = await db.execute(
        delete(SecondFactor).where(SecondFactor.admin_id == admin_id).returning(SecondFactor.admin_id)
    )
    return deleted.first() is not None


async def put_recovery_codes(db: AsyncSession, admin_id: UUID, hashes: Iterable[bytes]) -> None:
    """Replace an admin's recovery codes."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin_id))
    await db.execute(insert(RecoveryCode), [{"admin_id": admin_id, "code_hash": part} for part in hashes])


async def use_recovery_code(db: AsyncSession, admin_id: UUID, code_hash: bytes, *, now: datetime) -> bool:
    """Mark a recovery code as used. False if it does not exist or was used before."""
    used = await db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.admin_id == admin_id,
            RecoveryCode.code_hash == code_hash,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.admin_id)
    )
    return used.first() is not None


async def count_recovery_codes(db: AsyncSession, admin_id: UUID) -> int:
    """How many of an admin's recovery codes are still good."""
    statement = select(func.count()).where(RecoveryCode.admin_id == admin_id, RecoveryCode.used_at.is_(None))
    return await db.scalar(statement) or 0


async def lock_contact_change(db: AsyncSession, user_id: UUID, kind: ContactKind) -> ContactChange | None:
    """What a customer or an admin is to prove, held to the end of the transaction."""
    key = (user_id, kind.value)
    return await db.get(ContactChange, key, with_for_update=True, populate_existing=True)


async def put_contact_change(
    db: AsyncSession,
    *,
    user_id: UUID,
    kind: ContactKind,
    new_value: Sealed,
    sends: int,
    sends_since: datetime,
    expires_at: datetime,
) -> None:
    """Store what is to be proved, in place of what was to be proved before."""
    values = {
        "new_value": new_value,
        "new_proved": False,
        "old_proved": False,
        "expires_at": expires_at,
        "sends": sends,
        "sends_since": sends_since,
    }
    statement = insert(ContactChange).values(user_id=user_id, kind=kind.value, **values)
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[ContactChange.user_id, ContactChange.kind], set_=values
        )
    )


async def delete_old_contact_changes(db: AsyncSession, *, before: datetime) -> int:
    """Delete changes that were begun before an instant and not confirmed: how many."""
    deleted = await db.execute(
        delete(ContactChange)
        .where(ContactChange.sends_since < before, ContactChange.expires_at < before)
        .returning(ContactChange.user_id)
    )
    return len(deleted.all())


async def delete_contact_changes(db: AsyncSession, user_id: UUID) -> None:
    """Delete what a customer was to prove."""
    await db.execute(delete(ContactChange).where(ContactChange.user_id == user_id))
