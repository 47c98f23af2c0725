"""Creating, registering, admitting and looking up users."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.language import Language
from gencharge.core.values.phone import masked
from gencharge.core.values.recipient import Contact
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.users import crud
from gencharge.users.contact_service import change_phone_number, confirm_email
from gencharge.users.errors import (
    EmailAlreadyConfirmed,
    OwnReferralCode,
    ReferralCodeInvalid,
    UserAlreadyRegistered,
    UserBlocked,
    UserNotFound,
)
from gencharge.users.events import UserReactivated, UserRegistered, UserSignedUp
from gencharge.users.models import (
    DEFAULT_PREFERENCES,
    MessageChoices,
    User,
    UserBrief,
    UserStatus,
    UserType,
)
from gencharge.users.names import name_key
from gencharge.users.numbers_service import list_saved as list_saved_numbers
from gencharge.users.profile_service import lock, preferences_of

__all__ = [
    "CODE_ALPHABET",
    "CODE_LENGTH",
    "admit",
    "briefs",
    "change_phone_number",
    "confirm_email",
    "contacts",
    "create",
    "email_of",
    "erased_of",
    "get",
    "list_saved_numbers",
    "lock",
    "message_choices",
    "name_key",
    "preferences_of",
    "register",
]

# Without 0 O 1 I L, which are easily confused.
CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH: Final = 8
_CODE_ATTEMPTS: Final = 5


async def create(
    db: AsyncSession,
    *,
    phone_number: str,
    name: str | None = None,
    email: str | None = None,
    user_type: str = UserType.PREPAID,
    user_id: UUID | None = None,
) -> User:
    """A new active user with this phone number (E.164); registered if a name and an address are given, which then counts.

    Raises PhoneNumberAlreadyExists, EmailAlreadyExists (409; each names its field).
    """
    user_id = user_id or new_id()
    await directory.claim_phone(db, phone_number, kind=OwnerKind.USER, owner_id=user_id)
    if email is not None:
        await directory.claim_email(db, email, kind=OwnerKind.USER, owner_id=user_id)
    now = clock.now()
    user = User(
        user_id=user_id,
        phone_number=phone_number,
        status=UserStatus.ACTIVE.value,
        name=name,
        name_key=name_key(name),
        email=email,
        email_usable_from=now if email is not None else None,
        user_type=UserType(user_type).value,
        referral_code=await _new_referral_code(db, user_id),
        registered_at=now if name and email else None,
        created_at=now,
        updated_at=now,
    )
    db.add(user)
    await db.flush()
    await emit(db, UserSignedUp(user_id=str(user_id), masked_phone_number=masked(phone_number)))
    return user


async def get(db: AsyncSession, user_id: UUID) -> User:
    """The user. Raises UserNotFound."""
    user = await crud.get_user(db, user_id)
    if user is None or user.status == UserStatus.ARCHIVED:
        raise UserNotFound
    return user


async def register(
    db: AsyncSession,
    user_id: UUID,
    *,
    name: str,
    email: str,
    user_type: str,
    referral_code: str | None = None,
) -> User:
    """Complete a user's data, once. The address counts when the user has confirmed it (`contact_service`).

    Raises UserAlreadyRegistered, EmailAlreadyConfirmed, ReferralCodeInvalid, OwnReferralCode, UserNotFound.
    """
    user = await crud.lock_user(db, user_id)
    if user is None or user.status == UserStatus.ARCHIVED:
        raise UserNotFound
    if user.registered_at is not None:
        raise UserAlreadyRegistered
    referred_by = None if referral_code is None else await _referrer(db, user, referral_code)
    if user.email_usable_from is not None and user.email != email:
        raise EmailAlreadyConfirmed
    user.name = name
    user.name_key = name_key(name)
    user.email = email
    user.user_type = UserType(user_type).value
    user.referred_by = referred_by
    user.registered_at = user.updated_at = clock.now()
    await db.flush()
    await emit(
        db,
        UserRegistered(
            user_id=str(user_id),
            user_type=user.user_type,
            referred_by=str(referred_by) if referred_by else None,
        ),
    )
    return user


async def admit(db: AsyncSession, user_id: UUID, *, reactivating: bool) -> User:
    """The user, held to the end of the transaction, if they may have a session.

    With `reactivating`, a deactivated user becomes active. Raises UserNotFound, UserBlocked.
    """
    user = await crud.lock_user(db, user_id)
    if user is None or user.status == UserStatus.ARCHIVED:
        raise UserNotFound
    if user.status == UserStatus.BLOCKED:
        raise UserBlocked
    if user.status == UserStatus.DEACTIVATED:
        if not reactivating:
            raise UserNotFound
        user.status = UserStatus.ACTIVE.value
        user.status_since = user.updated_at = clock.now()
        user.status_by, user.status_reason = user_id, "signed in"
        await db.flush()
        status_change = changes({"status": UserStatus.DEACTIVATED}, {"status": UserStatus.ACTIVE})
        await emit(db, UserReactivated(user_id=str(user_id), reason="signed in", changes=status_change))
    return user


async def briefs(db: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, UserBrief]:
    """Who these users are, in one query, for a list that nests them; an unknown id is not in the answer.

    Archived users are in it, too; erased ones with no name and no address, and with an empty number.
    """
    unique_ids = set(user_ids)
    if not unique_ids:
        return {}
    return {
        row.user_id: UserBrief(row.user_id, row.name, row.phone_number, row.email, UserStatus(row.status))
        for row in await crud.list_briefs(db, unique_ids)
    }


async def email_of(db: AsyncSession, user_id: UUID) -> str | None:
    """Where to write to the user; None without an address that counts by now (`contact_service`)."""
    user = await crud.get_user(db, user_id)
    return user.email if user is not None and user.email_confirmed else None


async def contacts(db: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Where these users are reached, in one query; an unknown id is not in the answer."""
    unique_ids = set(user_ids)
    if not unique_ids:
        return {}
    now = clock.now()
    return {
        user_id: Contact(
            phone_number=phone_number,
            email=email if email and usable_from is not None and usable_from <= now else "",
            is_active=status in {UserStatus.ACTIVE, UserStatus.DEACTIVATED},
            is_closed=status == UserStatus.ARCHIVED,
        )
        for user_id, phone_number, email, usable_from, status in await crud.list_contacts(db, unique_ids)
    }


async def message_choices(db: AsyncSession, user_ids: Iterable[UUID]) -> dict[UUID, MessageChoices]:
    """The language and the preferences of these users, in one query; an unknown id is not in the answer."""
    unique_ids = set(user_ids)
    if not unique_ids:
        return {}
    return {
        user_id: MessageChoices(Language(language), DEFAULT_PREFERENCES if chosen is None else chosen)
        for user_id, language, chosen in await crud.list_choices(db, unique_ids)
    }


async def erased_of(db: AsyncSession, user_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these users whose personal data were erased."""
    unique_ids = set(user_ids)
    return await crud.list_erased(db, unique_ids) if unique_ids else set()


async def _referrer(db: AsyncSession, user: User, code: str) -> UUID:
    if code == user.referral_code:
        raise OwnReferralCode
    row = await crud.get_referral_code(db, code)
    if row is None:
        raise ReferralCodeInvalid
    if await crud.get_status(db, row.user_id) == UserStatus.ARCHIVED:
        raise ReferralCodeInvalid  # an archived user can't be rewarded
    return row.user_id


async def _new_referral_code(db: AsyncSession, user_id: UUID) -> str:
    for _ in range(_CODE_ATTEMPTS):
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        if await crud.add_referral_code(db, code=code, user_id=user_id):
            return code
    # 31^8 codes: five misses in a row mean a broken random source, and no code is better than a guessable one.
    raise RuntimeError("no free referral code")
