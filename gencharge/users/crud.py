"""Queries of the users."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.users.kyc_models import KycRequest
from gencharge.users.models import (
    DEFAULT_PREFERENCES,
    Erasure,
    Preferences,
    ReferralCode,
    SavedNumber,
    User,
    UserStatus,
)

_ERASURES = leases.LeasedQueue(
    Erasure,
    Erasure.erase_after <= leases.NOW,
    order=Erasure.erase_after,
    lease=Erasure.leased_until,
    returning=[Erasure.user_id],
)


async def get_user(db: AsyncSession, user_id: UUID) -> User | None:
    """The user with this id."""
    return await db.get(User, user_id)


async def lock_user(db: AsyncSession, user_id: UUID) -> User | None:
    """The user with this id, held to the end of the transaction."""
    statement = (
        select(User)
        .where(User.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).one_or_none()


async def list_briefs(db: AsyncSession, user_ids: Collection[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Who these users are: id, name, number, address, status."""
    columns = (User.user_id, User.name, User.phone_number, User.email, User.status)
    return (await db.execute(select(*columns).where(User.user_id.in_(user_ids)))).all()


async def list_contacts(db: AsyncSession, user_ids: Collection[UUID]) -> Sequence[Row[*tuple[Any, ...]]]:
    """Where these users are reached: id, number, address, since when that counts, status."""
    columns = (User.user_id, User.phone_number, User.email, User.email_usable_from, User.status)
    return (await db.execute(select(*columns).where(User.user_id.in_(user_ids)))).all()


async def add_referral_code(db: AsyncSession, *, code: str, user_id: UUID) -> bool:
    """Store a code's owner. False if the code is taken."""
    statement = insert(ReferralCode).values(code=code, user_id=user_id).on_conflict_do_nothing()
    return await db.scalar(statement.returning(ReferralCode.code)) is not None


async def get_referral_code(db: AsyncSession, code: str) -> ReferralCode | None:
    """The code and its owner."""
    return await db.get(ReferralCode, code)


async def set_status(
    db: AsyncSession,
    user_id: UUID,
    *,
    current: UserStatus,
    to: UserStatus,
    by: UUID,
    reason: str | None,
    now: datetime,
) -> User | None:
    """Move a user from status `current` to another: the user, or None if their status is another one by now."""
    statement = (
        update(User)
        .where(User.user_id == user_id, User.status == current.value)
        .values(status=to.value, status_since=now, status_by=by, status_reason=reason, updated_at=now)
        .returning(User)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return (await db.scalars(statement)).one_or_none()


async def get_status(db: AsyncSession, user_id: UUID) -> str | None:
    """The status as it is in the database now."""
    status: str | None = await db.scalar(select(User.status).where(User.user_id == user_id))
    return status


async def get_preferences(db: AsyncSession, user_id: UUID) -> Preferences | None:
    """The user's preferences; None if they were never set."""
    return await db.get(Preferences, user_id)


# No objects: thousands of rows are read for one announcement.
_CHOICES: Final = select(
    User.user_id,
    User.language,
    Preferences.user_id,
    *(Preferences.__table__.c[name] for name in DEFAULT_PREFERENCES),
).outerjoin(Preferences, Preferences.user_id == User.user_id)


async def list_choices(
    db: AsyncSession, user_ids: Collection[UUID]
) -> Sequence[tuple[UUID, str, Mapping[str, bool] | None]]:
    """Of these users: id, language, and the preferences that they set; None: none."""
    statement = _CHOICES.where(User.user_id == any_(literal(list(user_ids), ARRAY(Uuid))))
    return [
        (user_id, language, None if owner is None else dict(zip(DEFAULT_PREFERENCES, switches, strict=True)))
        for user_id, language, owner, *switches in await db.execute(statement)
    ]


async def list_erased(db: AsyncSession, user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these users who were erased."""
    theirs = User.user_id == any_(literal(list(user_ids), ARRAY(Uuid)))
    return set(await db.scalars(select(User.user_id).where(theirs, User.erased_at.is_not(None))))


async def put_preferences(
    db: AsyncSession, user_id: UUID, values: Mapping[str, bool], *, now: datetime
) -> Preferences:
    """Store the user's preferences."""
    row = {**values, "updated_at": now}
    statement = insert(Preferences).values(user_id=user_id, **row)
    statement = statement.on_conflict_do_update(index_elements=[Preferences.user_id], set_=row)
    returning = statement.returning(Preferences).execution_options(populate_existing=True)
    return (await db.scalars(returning)).one()


def select_numbers(user_id: UUID) -> Select[SavedNumber]:
    """The user's saved numbers."""
    return select(SavedNumber).where(SavedNumber.user_id == user_id)


async def count_numbers(db: AsyncSession, user_id: UUID) -> int:
    """How many numbers the user saved."""
    statement = select(func.count()).select_from(SavedNumber).where(SavedNumber.user_id == user_id)
    return int(await db.scalar(statement) or 0)


async def get_number(db: AsyncSession, user_id: UUID, number_id: UUID) -> SavedNumber | None:
    """One of the user's saved numbers."""
    return await db.get(SavedNumber, (user_id, number_id))


async def lock_number(db: AsyncSession, user_id: UUID, number_id: UUID) -> SavedNumber | None:
    """The same, held to the end of the transaction."""
    key = (user_id, number_id)
    return await db.get(SavedNumber, key, with_for_update=True, populate_existing=True)


async def add_number(db: AsyncSession, **values: Any) -> SavedNumber | None:
    """Store a saved number; None if the user has it already."""
    statement = insert(SavedNumber).values(values).on_conflict_do_nothing().returning(SavedNumber)
    return (await db.scalars(statement)).one_or_none()


async def delete_number(db: AsyncSession, user_id: UUID, number_id: UUID) -> str | None:
    """Delete a saved number and return it; None if the user has none with this id."""
    statement = delete(SavedNumber).where(SavedNumber.user_id == user_id, SavedNumber.number_id == number_id)
    phone_number: str | None = await db.scalar(statement.returning(SavedNumber.phone_number))
    return phone_number


async def add_erasure(db: AsyncSession, user_id: UUID, *, erase_after: datetime) -> None:
    """Store when a user's data is to be erased."""
    await db.execute(insert(Erasure).values(user_id=user_id, erase_after=erase_after))


async def claim_erasures(db: AsyncSession, *, lease_seconds: float, limit: int) -> list[UUID]:
    """Lease users whose data is due to be erased, the earliest first."""
    rows = await _ERASURES.claim(db, limit=limit, lease_seconds=lease_seconds, pinned=clock.pinned())
    return [user_id for (user_id,) in rows]


async def release_erasures(db: AsyncSession, user_ids: Collection[UUID]) -> None:
    """Release leases of users who were not erased."""
    await db.execute(update(Erasure).where(Erasure.user_id.in_(user_ids)).values(leased_until=None))


async def delete_erasure(db: AsyncSession, user_id: UUID) -> bool:
    """Delete the row of a finished erasure; False if it was deleted before."""
    erased_id = await db.scalar(delete(Erasure).where(Erasure.user_id == user_id).returning(Erasure.user_id))
    return erased_id is not None


async def delete_belongings(db: AsyncSession, user_id: UUID) -> None:
    """Delete the user's preferences, saved numbers and KYC requests; the audit trail has the decisions."""
    for table in (Preferences, SavedNumber, KycRequest):
        await db.execute(delete(table).where(table.user_id == user_id))
