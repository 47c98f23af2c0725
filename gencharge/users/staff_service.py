"""The staff's lists of customers: over millions of rows, each page at a bounded cost.

An exact number or address is looked up; a rare status, a day and the beginning of a name are ranges of an index; the
other filters are checked in a window of that index (`paging.fetch_bounded_page`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, column_of, fetch_bounded_page
from gencharge.directory import service as directory
from gencharge.directory.models import OwnerKind
from gencharge.users import staff_crud
from gencharge.users.errors import SortInvalid
from gencharge.users.models import User, UserStatus
from gencharge.users.staff_schemas import PresentUserQuery, UserQuery

# How many users a page looks at. Users who signed up one after the other are neighbours in the table; neighbours by
# name or by a rare status are spread all over it, and each costs a page of the disk.
IN_ORDER: Final = 10_000
SCATTERED: Final = 2_000


async def list_present(db: AsyncSession, query: PresentUserQuery) -> tuple[list[User], str | None]:
    """A page of the users that are not archived, and the next cursor. Raises SortInvalid, CursorInvalid."""
    sort = _sort_of(query)
    owners = list[UUID | None]()
    if query.phone_number is not None:
        owners.append(_user_id_of(await directory.phone_owner(db, query.phone_number)))
    if query.email is not None:
        owners.append(_user_id_of(await directory.email_owner(db, query.email)))
    return await _fetch_page(
        db,
        staff_crud.select_present(query, owners, by_name=_is_by_name(sort)),
        lambda user: staff_crud.match_present(user, query),
        query,
        sort,
        rare=query.status is not None and query.status != UserStatus.ACTIVE.value,
    )


async def list_archived(db: AsyncSession, query: UserQuery) -> tuple[list[User], str | None]:
    """A page of the archived users, and the next cursor. Raises SortInvalid, CursorInvalid."""
    sort = _sort_of(query)
    return await _fetch_page(
        db,
        staff_crud.select_archived(query, by_name=_is_by_name(sort)),
        lambda user: staff_crud.match_archived(user, query),
        query,
        sort,
        rare=True,
    )


async def _fetch_page(
    db: AsyncSession,
    indexed: Select[Any],
    matches: Callable[[Any], list[ColumnElement[bool]]],
    query: UserQuery,
    sort: str,
    *,
    rare: bool,
) -> tuple[list[User], str | None]:
    by_name = _is_by_name(sort)
    order = Order(
        column_of(User.name_key if by_name else User.created_at),
        column_of(User.user_id),
        descending=sort.startswith("-"),
    )
    await staff_crud.avoid_bitmap_scans(db)
    look_through = SCATTERED if by_name or rare else IN_ORDER
    return await fetch_bounded_page(db, indexed, matches, order, query, look_through=look_through)


def _sort_of(query: UserQuery) -> str:
    sort = query.sort or ("name" if query.search else "-created_at")
    if query.search is not None and not _is_by_name(sort):
        raise SortInvalid
    return sort


def _is_by_name(sort: str) -> bool:
    return sort.endswith("name")


def _user_id_of(owner: tuple[OwnerKind, UUID] | None) -> UUID | None:
    return owner[1] if owner is not None and owner[0] is OwnerKind.USER else None
