"""The numbers that a customer saved under a nickname."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import changes, emit
from gencharge.core.http.paging import Order, PageQuery, column_of, fetch_page
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.phone import masked
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.operators import service as operators
from gencharge.users import crud
from gencharge.users import profile_service as profile
from gencharge.users.errors import SavedNumberAlreadyExists, SavedNumberLimitExceeded, SavedNumberNotFound
from gencharge.users.events import NumberSaved, SavedNumberChanged, SavedNumberRemoved
from gencharge.users.models import SavedNumber, UserType
from gencharge.users.names import masked_name
from gencharge.users.schemas import SavedNumberOut

MAX_SAVED_NUMBERS: Final = 50
_DETAILS: Final = ("operator", "circle", "service_type")


async def list_saved(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[SavedNumberOut], str | None, int | None]:
    """A page of the user's saved numbers, the newest first."""
    order = Order(column_of(SavedNumber.created_at), column_of(SavedNumber.number_id))
    rows, cursor, total = await fetch_page(db, crud.select_numbers(user_id), order, page)
    return [await _to_out(db, row) for row in rows], cursor, total


async def get(db: AsyncSession, user_id: UUID, number_id: UUID) -> SavedNumberOut:
    """One of the user's saved numbers. Raises SavedNumberNotFound, also for another user's."""
    number = await crud.get_number(db, user_id, number_id)
    if number is None:
        raise SavedNumberNotFound
    return await _to_out(db, number)


async def save(
    db: AsyncSession,
    user_id: UUID,
    *,
    phone_number: str,
    nickname: str,
    operator: str,
    circle: str | None,
    service_type: str,
) -> SavedNumberOut:
    """Save a number with its nickname and operator.

    Raises SavedNumberAlreadyExists (409; names its field), SavedNumberLimitExceeded, UserNotFound, UserAlreadyArchived.
    """
    await profile.lock(db, user_id)  # so that two requests can't both take the last place
    if await crud.count_numbers(db, user_id) >= MAX_SAVED_NUMBERS:
        raise SavedNumberLimitExceeded(
            worded(
                "You can save up to {max_saved_numbers} numbers. Remove one first.",
                max_saved_numbers=MAX_SAVED_NUMBERS,
            ),
            limit=MAX_SAVED_NUMBERS,
        )
    now, number_id = clock.now(), new_id()
    details = {"operator": operator, "circle": circle, "service_type": service_type}
    saved = await crud.add_number(
        db,
        user_id=user_id,
        number_id=number_id,
        phone_number=phone_number,
        nickname=await Vault.of(db).seal(SavedNumber.nickname, (user_id, number_id), nickname),
        **details,
        created_at=now,
        updated_at=now,
    )
    if saved is None:
        raise SavedNumberAlreadyExists
    await _record_connection(db, saved)
    await emit(
        db,
        NumberSaved(
            user_id=str(user_id),
            number_id=str(saved.number_id),
            masked_phone_number=masked(phone_number),
            changes=changes({}, details),
        ),
    )
    return await _to_out(db, saved)


async def edit(db: AsyncSession, user_id: UUID, number_id: UUID, values: dict[str, Any]) -> SavedNumberOut:
    """Change some of nickname, operator, circle, service_type.

    Raises SavedNumberNotFound, also for another user's, UserNotFound, UserAlreadyArchived.
    """
    await profile.lock(db, user_id)
    saved = await crud.lock_number(db, user_id, number_id)
    if saved is None:
        raise SavedNumberNotFound
    before = await _to_out(db, saved)
    changed = changes(before.model_dump(mode="json", include=set(values)), values)
    if not changed:
        return before
    for name, value in values.items():
        stored = value
        if name == "nickname":
            stored = await Vault.of(db).seal(SavedNumber.nickname, (user_id, number_id), value)
        setattr(saved, name, stored)
    saved.updated_at = clock.now()
    await db.flush()
    if changed.keys() & set(_DETAILS):
        await _record_connection(db, saved)
    if "nickname" in changed:  # may be a person's name
        changed["nickname"] = {side: masked_name(name) for side, name in changed["nickname"].items()}
    await emit(db, SavedNumberChanged(user_id=str(user_id), number_id=str(number_id), changes=changed))
    return await _to_out(db, saved)


async def remove(db: AsyncSession, user_id: UUID, number_id: UUID) -> None:
    """Delete a saved number. Raises SavedNumberNotFound, also for another user's."""
    phone_number = await crud.delete_number(db, user_id, number_id)
    if phone_number is None:
        raise SavedNumberNotFound
    await emit(
        db,
        SavedNumberRemoved(
            user_id=str(user_id), number_id=str(number_id), masked_phone_number=masked(phone_number)
        ),
    )


async def _to_out(db: AsyncSession, row: SavedNumber) -> SavedNumberOut:
    return SavedNumberOut(
        number_id=row.number_id,
        phone_number=row.phone_number,
        nickname=await Vault.of(db).show(row, SavedNumber.nickname),
        operator=row.operator,
        circle=row.circle,
        service_type=UserType(row.service_type),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


async def _record_connection(db: AsyncSession, saved: SavedNumber) -> None:
    await operators.remember(
        db, saved.phone_number, saved.user_id, saved.operator, saved.circle, saved.service_type
    )
