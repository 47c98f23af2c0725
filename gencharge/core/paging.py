"""Lists: keyset pages (`limit`, `cursor`), never offsets. A page costs the same wherever it is."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import Invalid, field_problem

T = TypeVar("T")
MAX_CURSOR = 500


class CursorInvalid(Invalid):
    """The cursor is not one that this list gave."""


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last one."
    )
    total: int | None = Field(default=None, description="Only with `include_total=true`.")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page is asked for."""

    limit: int = 20
    cursor: str | None = None
    include_total: bool = False


async def _page_query(
    limit: Annotated[int, Query(ge=1, le=100, description="How many, 1 to 100.")] = 20,
    cursor: Annotated[
        str | None, Query(max_length=MAX_CURSOR, description="`next_cursor` of the page before.")
    ] = None,
    include_total: Annotated[bool, Query(description="Count all, too (slower).")] = False,
) -> PageQuery:
    return PageQuery(limit=limit, cursor=cursor, include_total=include_total)


Paging = Annotated[PageQuery, Depends(_page_query)]


@dataclass(frozen=True, slots=True)
class Order:
    """A list's order: a column and the id that breaks ties, both in one direction, with an index for them."""

    column: ColumnElement[Any]
    tie: ColumnElement[Any]
    descending: bool = True


def encode_cursor(*values: Any) -> str:
    """An opaque cursor."""
    packed = [
        f"t:{value.isoformat()}"
        if isinstance(value, datetime)
        else f"u:{value}"
        if isinstance(value, UUID)
        else value
        for value in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(packed)).decode().rstrip("=")


def decode_cursor(cursor: str, *, kinds: tuple[type, ...]) -> list[Any]:
    """What `encode_cursor` was given. Raises CursorInvalid for anything that is not such a list of these kinds."""
    try:
        raw = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        values = [_unpack(value) for value in raw]
    except (binascii.Error, orjson.JSONDecodeError, ValueError, TypeError, AttributeError):
        raise CursorInvalid(errors=[_WRONG]) from None
    if len(values) != len(kinds) or any(
        type(value) is not kind for value, kind in zip(values, kinds, strict=True)
    ):
        raise CursorInvalid(errors=[_WRONG])
    return values


_WRONG = field_problem("query.cursor", "the `next_cursor` of the page before, unchanged", "cursor_invalid")


def _unpack(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("t:"):
        return datetime.fromisoformat(value[2:])
    if isinstance(value, str) and value.startswith("u:"):
        return UUID(value[2:])
    return value


async def fetch_page(
    db: AsyncSession, statement: Select[Any], order: Order, page: PageQuery
) -> tuple[list[Any], str | None, int | None]:
    """The rows of a page of `statement` (first entities), the next cursor, and the total if it was asked for."""
    total = (
        await db.scalar(select(func.count()).select_from(statement.subquery()))
        if page.include_total
        else None
    )
    if page.cursor is not None:
        kinds = (order.column.type.python_type, order.tie.type.python_type)
        value, tie = decode_cursor(page.cursor, kinds=kinds)
        here = tuple_(order.column, order.tie)
        last = tuple_(literal(value, order.column.type), literal(tie, order.tie.type))
        statement = statement.where(here < last if order.descending else here > last)
    columns = (
        (order.column.desc(), order.tie.desc()) if order.descending else (order.column.asc(), order.tie.asc())
    )
    rows = list((await db.scalars(statement.order_by(*columns).limit(page.limit + 1))).all())
    cursor = None
    if len(rows) > page.limit:
        rows = rows[: page.limit]
        cursor = encode_cursor(getattr(rows[-1], _key(order.column)), getattr(rows[-1], _key(order.tie)))
    return rows, cursor, total


def _key(column: ColumnElement[Any]) -> str:
    key = column.key
    if key is None:
        raise ValueError("order by a mapped column")
    return key
