"""The staff's lists of customers: over millions of rows, each filter at a bounded cost.

An exact number or address is looked up; a status that few have, a day and the beginning of a name are ranges of an
index; the rest is looked at in a window of that index (`paging.fetch_bounded_page`).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.core.values import clock
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.users.errors import SearchSortedByName
from gencharge.users.models import User, UserStatus
from gencharge.users.names import name_key
from gencharge.users.schemas import PresentUserQuery, UserQuery

# How many users a page looks at. Who signed up one after the other lies side by side in the table; neighbours by name
# or by a status that few have lie all over it, and each costs a page of the disk.
IN_ORDER: Final = 10_000
SCATTERED: Final = 2_000
_LAST_LETTER: Final = "\U0010ffff"


async def list_present(db: AsyncSession, wanted: PresentUserQuery) -> tuple[list[User], str | None]:
    """A page of the users that are not archived. Raises SearchSortedByName, CursorInvalid."""
    indexed = select(User)
    if wanted.phone_number is not None:
        indexed = indexed.where(_is(await directory.phone_owner(db, wanted.phone_number)))
    if wanted.email is not None:
        indexed = indexed.where(_is(await directory.email_owner(db, wanted.email)))
    status = wanted.status
    few = status is not None and status != UserStatus.ACTIVE.value
    if status is not None and few:
        indexed = _with_status(indexed, status)

    def matches(user: Any) -> list[ColumnElement[bool]]:
        stands = user.status == status if status is not None else user.status != UserStatus.ARCHIVED.value
        return [stands, *_conditions(user, wanted)]

    return await _page(db, indexed, matches, wanted, few=few)


async def list_archived(db: AsyncSession, wanted: UserQuery) -> tuple[list[User], str | None]:
    """A page of the archived users. Raises SearchSortedByName, CursorInvalid."""
    indexed = _with_status(select(User), UserStatus.ARCHIVED)
    # Their numbers and addresses are free, so the directory does not know them; they have indexes of their own.
    # Their conditions stand here as literals, which a planner can compare.
    archived = text("users.status = 'archived'")
    if wanted.phone_number is not None:
        indexed = indexed.where(
            User.phone_number == wanted.phone_number, archived, text("users.phone_number <> ''")
        )
    if wanted.email is not None:
        indexed = indexed.where(User.email == wanted.email, archived, text("users.email <> ''"))
    return await _page(db, indexed, lambda user: _conditions(user, wanted), wanted, few=True)


async def _page(
    db: AsyncSession, indexed: Select[Any], matches: Any, wanted: UserQuery, *, few: bool
) -> tuple[list[User], str | None]:
    sort = wanted.sort or ("name" if wanted.search else "-created_at")
    by_name = sort.endswith("name")
    if wanted.search is not None:
        if not by_name:
            raise SearchSortedByName
        key = name_key(wanted.search)
        indexed = indexed.where(User.name_key >= key, User.name_key < key + _LAST_LETTER)
    if not by_name:
        indexed = indexed.where(*_days(User, wanted))
    order = Order(
        column_of(User.name_key if by_name else User.created_at),
        column_of(User.user_id),
        descending=sort.startswith("-"),
    )
    # Fetching all that have a status and sorting them is what a planner does who thinks of a disk: a hundred times the
    # work of reading the first of them in the order of the index.
    await db.execute(text("SET LOCAL enable_bitmapscan = off"))
    look_through = SCATTERED if by_name or few else IN_ORDER
    return await fetch_bounded_page(db, indexed, matches, order, wanted, look_through=look_through)


def _is(owner: tuple[OwnerKind, UUID] | None) -> ColumnElement[bool]:
    return User.user_id == owner[1] if owner is not None and owner[0] is OwnerKind.USER else false()


def _with_status(indexed: Select[Any], status: str) -> Select[Any]:
    # The literal says that the index without the active ones will do; a parameter could be anything.
    return indexed.where(User.status == str(status), text("users.status <> 'active'"))


def _conditions(user: Any, wanted: UserQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.user_type is not None:
        found.append(user.user_type == wanted.user_type.value)
    if wanted.kyc_tier is not None:
        found.append(user.kyc_tier == wanted.kyc_tier.value)
    if wanted.registered is not None:
        found.append(user.registered_at.is_not(None) if wanted.registered else user.registered_at.is_(None))
    return [*found, *_days(user, wanted)]


def _days(user: Any, wanted: UserQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.from_date is not None:
        found.append(user.created_at >= clock.start_of_day(wanted.from_date))
    if wanted.to_date is not None:
        after = date.fromordinal(wanted.to_date.toordinal() + 1)
        found.append(user.created_at < clock.start_of_day(after))
    return found
