"""Queries of the staff's lists of customers.

A list has two parts. `select_` is what one index answers in the order of the list; `match_` are the other filters,
which are checked in a window of that index (`paging.fetch_bounded_page`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.users.models import User, UserStatus
from gencharge.users.names import name_key
from gencharge.users.staff_schemas import PresentUserQuery, UserQuery

_LAST_LETTER: Final = "\U0010ffff"
# Conditions of partial indexes are literals here: the planner cannot compare a parameter with them.
_NOT_ACTIVE: Final = text("users.status <> 'active'")
_ARCHIVED: Final = text("users.status = 'archived'")


def select_present(query: PresentUserQuery, owners: Iterable[UUID | None], *, by_name: bool) -> Select[User]:
    """The users that are not archived. `owners`: the directory's owner for each exact filter, None if there is none."""
    statement = select(User)
    for owner in owners:
        statement = statement.where(User.user_id == owner if owner is not None else false())
    if query.status is not None and query.status != UserStatus.ACTIVE.value:
        statement = statement.where(User.status == query.status, _NOT_ACTIVE)
    return statement.where(*_range(query, by_name=by_name))


def match_present(user: Any, query: PresentUserQuery) -> list[ColumnElement[bool]]:
    """The other filters, on users or an alias of them."""
    if query.status is not None:
        return [user.status == query.status, *_match(user, query)]
    return [user.status != UserStatus.ARCHIVED.value, *_match(user, query)]


def select_archived(query: UserQuery, *, by_name: bool) -> Select[User]:
    """The archived users. Their numbers and addresses are free, so they are found by indexes of their own."""
    statement = select(User).where(User.status == UserStatus.ARCHIVED.value, _NOT_ACTIVE)
    if query.phone_number is not None:
        statement = statement.where(
            User.phone_number == query.phone_number, _ARCHIVED, text("users.phone_number <> ''")
        )
    if query.email is not None:
        statement = statement.where(User.email == query.email, _ARCHIVED, text("users.email <> ''"))
    return statement.where(*_range(query, by_name=by_name))


def match_archived(user: Any, query: UserQuery) -> list[ColumnElement[bool]]:
    """The other filters, on users or an alias of them."""
    return _match(user, query)


async def avoid_bitmap_scans(db: AsyncSession) -> None:
    """Make the planner read an index in its order for the rest of the transaction.

    It would rather fetch all users of a status and sort them, which is a hundred times the work.
    """
    await db.execute(text("SET LOCAL enable_bitmapscan = off"))


def _range(query: UserQuery, *, by_name: bool) -> list[ColumnElement[bool]]:
    """The range of the index by name, or of the one by day."""
    if not by_name:
        return query.between(User.created_at.expression)
    if query.search is None:
        return []
    key = name_key(query.search)
    return [User.name_key >= key, User.name_key < key + _LAST_LETTER]


def _match(user: Any, query: UserQuery) -> list[ColumnElement[bool]]:
    conditions = list[ColumnElement[bool]]()
    if query.user_type is not None:
        conditions.append(user.user_type == query.user_type.value)
    if query.kyc_tier is not None:
        conditions.append(user.kyc_tier == query.kyc_tier.value)
    if query.registered is not None:
        conditions.append(
            user.registered_at.is_not(None) if query.registered else user.registered_at.is_(None)
        )
    return [*conditions, *query.between(user.created_at)]
