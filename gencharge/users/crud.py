"""Queries of the users."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.users.models import ReferralCode, User


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


async def add_referral_code(db: AsyncSession, *, code: str, user_id: UUID) -> bool:
    """Write down a code's owner. False where the code is another one's."""
    statement = insert(ReferralCode).values(code=code, user_id=user_id).on_conflict_do_nothing()
    return await db.scalar(statement.returning(ReferralCode.code)) is not None


async def get_referral_code(db: AsyncSession, code: str) -> ReferralCode | None:
    """The code and its owner."""
    return await db.get(ReferralCode, code)
