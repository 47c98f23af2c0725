"""A customer's profile: name, address, type, KYC tier, preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.http import etags
from gencharge.core.rooms.personal_data import PersonalData
from gencharge.core.values import clock
from gencharge.core.values.language import Language
from gencharge.core.wording import worded
from gencharge.operators import service as operators
from gencharge.users import crud
from gencharge.users.errors import UserAlreadyArchived, UserNotFound, UserTypeAlreadySet
from gencharge.users.events import PreferencesChanged, UserKycTierChanged, UserTypeSwitched, UserUpdated
from gencharge.users.models import DEFAULT_PREFERENCES, KycTier, Preferences, User, UserStatus, UserType
from gencharge.users.names import masked_name, name_key


async def lock(db: AsyncSession, user_id: UUID) -> User:
    """The user, held to the end of the transaction. Raises UserNotFound, UserAlreadyArchived."""
    user = await crud.lock_user(db, user_id)
    if user is None:
        raise UserNotFound
    if user.status == UserStatus.ARCHIVED:
        raise UserAlreadyArchived
    return user


async def find(db: AsyncSession, user_id: UUID) -> User:
    """The user, also an archived one. Raises UserNotFound."""
    user = await crud.get_user(db, user_id)
    if user is None:
        raise UserNotFound
    return user


async def update(
    db: AsyncSession,
    user_id: UUID,
    *,
    name: str | None = None,
    language: Language | None = None,
    if_match: str | None = None,
) -> User:
    """Change the name or the language; None: it stays. Raises UserNotFound, UserAlreadyArchived, ResourceChanged."""
    user = await lock(db, user_id)
    etags.check(if_match, user)
    changed: dict[str, Any] = {}
    if name is not None and name != user.name:
        # Masked after they were compared: `Asha` and `Asma` look alike masked.
        changed["name"] = {"old": masked_name(user.name), "new": masked_name(name)}
        user.name, user.name_key = name, name_key(name)
    if language is not None and language != user.language:
        changed["language"] = {"old": user.language, "new": language.value}
        user.language = language.value
    if changed:
        user.updated_at = clock.now()
        await db.flush()
        await emit(db, UserUpdated(user_id=str(user_id), changes=changed))
    return user


async def switch_type(
    db: AsyncSession,
    parts: Sequence[PersonalData],
    user_id: UUID,
    user_type: UserType,
    *,
    if_match: str | None = None,
) -> User:
    """Switch the user's own number between prepaid and postpaid; its connection is updated, too.

    Raises UserNotFound, UserAlreadyArchived, ResourceChanged, UserTypeAlreadySet, and what other rooms raise.
    """
    user = await lock(db, user_id)
    etags.check(if_match, user)
    if user.user_type == user_type:
        raise UserTypeAlreadySet(worded("The account is already {user_type}.", user_type=user.user_type))
    for part in parts:
        if part.may_switch is not None:
            await part.may_switch(db, user_id, user_type.value)
    changed = changes({"user_type": user.user_type}, {"user_type": user_type})
    user.user_type, user.updated_at = user_type.value, clock.now()
    await db.flush()
    connection = await operators.lookup(db, user.phone_number, user_id)
    if connection.operator is not None and connection.service_type is not None:
        await operators.remember(
            db, user.phone_number, user_id, connection.operator, connection.circle, user_type.value
        )
    await emit(db, UserTypeSwitched(user_id=str(user_id), changes=changed))
    return user


async def set_kyc_tier(
    db: AsyncSession, user_id: UUID, tier: KycTier, *, reason: str, if_match: str | None = None
) -> User:
    """Set the KYC tier; the same tier again changes nothing.

    Raises UserNotFound, UserAlreadyArchived, ResourceChanged.
    """
    user = await lock(db, user_id)
    etags.check(if_match, user)
    changed = changes({"kyc_tier": user.kyc_tier}, {"kyc_tier": tier.value})
    if changed:
        user.kyc_tier, user.updated_at = tier.value, clock.now()
        await db.flush()
    await emit(db, UserKycTierChanged(user_id=str(user_id), reason=reason, changes=changed))
    return user


async def preferences_of(db: AsyncSession, user_id: UUID) -> Mapping[str, bool]:
    """The user's preferences, or the defaults."""
    return (await preferences_with_instant(db, user_id))[0]


async def preferences_with_instant(
    db: AsyncSession, user_id: UUID
) -> tuple[Mapping[str, bool], datetime | None]:
    """The same, and when the user last set them; None for the defaults."""
    row = await crud.get_preferences(db, user_id)
    return as_preferences(row), row.updated_at if row is not None else None


def as_preferences(row: Preferences | None) -> Mapping[str, bool]:
    """The switches of a row; the defaults without one."""
    if row is None:
        return DEFAULT_PREFERENCES
    return {name: getattr(row, name) for name in DEFAULT_PREFERENCES}


async def change_preferences(db: AsyncSession, user_id: UUID, preferences: Mapping[str, bool]) -> None:
    """Replace all preferences. Raises UserNotFound, UserAlreadyArchived."""
    await lock(db, user_id)
    before = await preferences_of(db, user_id)
    await crud.put_preferences(db, user_id, preferences, now=clock.now())
    changed = changes(before, preferences)
    if changed:
        await emit(db, PreferencesChanged(user_id=str(user_id), changes=changed))
