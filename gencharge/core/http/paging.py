"""Lists: keyset pages (`limit`, `cursor`), never offsets. A page costs the same wherever it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SmallInteger,
    Subquery,
    func,
    literal,
    outerjoin,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from gencharge.core.errors import Invalid, field_problem
from gencharge.core.wording import worded

T = TypeVar("T")
R = TypeVar("R")
MAX_CURSOR = 500
# Rows that one page of a bounded list looks at: 10 to 30 ms, even if each is on a page of its own
# (docs/PERFORMANCE.md).
LOOK_THROUGH = 10_000


class CursorInvalid(Invalid):
    """The cursor does not belong to this list. Start again from the first page."""


class Page(BaseModel, Generic[T], defer_build=True):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last one."
    )
    total: int | None = Field(default=None, description="Only with `include_total=true`.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name in the OpenAPI document: `PlanPage` for a page of `PlanOut`."""
        return f"{params[0].__name__.removesuffix('Out')}Page"


class PageParams(BaseModel, defer_build=True):
    """The query of a list; a list adds its filters. A parameter that it does not know is an error: a typo must not
    silently list everything."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    limit: int = Field(default=20, ge=1, le=100, description="How many, 1 to 100.")
    cursor: str | None = Field(
        default=None, max_length=MAX_CURSOR, description="`next_cursor` of the page before."
    )
    include_total: bool = Field(default=False, description="Count all, too (slower).")


class BoundedParams(BaseModel, defer_build=True):
    """The query of a list over millions of rows, which never counts them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    limit: int = Field(default=20, ge=1, le=100, description="How many at most, 1 to 100.")
    cursor: str | None = Field(
        default=None, max_length=MAX_CURSOR, description="`next_cursor` of the page before."
    )


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
    """A list's order: a column and the id that breaks ties, both in one direction, with an index for them.

    The column is NOT NULL and of a type that a cursor can carry: an instant, a UUID, a whole number, a text, a bool. For
    `fetch_page` it may be computed, in a list of a bounded number of rows: no index has such an order.
    """

    column: ColumnElement[Any]
    tie: ColumnElement[Any]
    descending: bool = True


def column_of(attribute: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """The column of a mapped attribute."""
    column: ColumnElement[Any] = attribute.expression
    return column


def encode_cursor(*values: Any) -> str:
    """An opaque cursor of instants, UUIDs, texts, whole numbers and bools."""
    return base64.urlsafe_b64encode(orjson.dumps([_pack(value) for value in values])).decode().rstrip("=")


def decode_cursor(cursor: str, *, kinds: tuple[type, ...]) -> list[Any]:
    """What `encode_cursor` was given. Raises CursorInvalid for anything that is not such a list of these kinds."""
    try:
        raw = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        values = [_unpack(value) for value in raw]
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise CursorInvalid(errors=[_WRONG]) from None
    if len(values) != len(kinds) or any(
        type(value) is not kind for value, kind in zip(values, kinds, strict=True)
    ):
        raise CursorInvalid(errors=[_WRONG])
    return values


_WRONG = field_problem(
    "query.cursor", "Must be the `next_cursor` of the previous page, unchanged", "cursor_invalid"
)


def _pack(value: Any) -> Any:
    # A text carries a mark, too: one that begins with another kind's mark stays a text.
    if isinstance(value, datetime):
        return f"t:{value.isoformat()}"
    if isinstance(value, UUID):
        return f"u:{value}"
    if isinstance(value, str):
        return f"s:{value}"
    if isinstance(value, int):
        return value
    raise TypeError(f"{type(value).__name__} can't be in a cursor")


def _unpack(value: Any) -> Any:
    """One value of a cursor. A cursor comes from outside: what a store would choke on is refused here."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError("too large")
        return value
    mark, rest = value[:2], value[2:]
    if mark == "t:":
        instant = datetime.fromisoformat(rest)
        if instant.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return instant.astimezone(UTC)
    if mark == "u:":
        return UUID(rest)
    if mark == "s:" and "\x00" not in rest:
        return rest
    raise ValueError("no such kind")


def slice_page(
    rows: Iterable[R],
    page: PageQuery | PageParams,
    key: Callable[[R], tuple[Any, ...]],
    *,
    sort: str | None = None,
) -> tuple[list[R], str | None, int | None]:
    """A page of rows that are in memory, the next cursor, and the total if it was asked for.

    `key` gives a row's place in the list: values that a cursor can carry, no two rows the same. `sort` names the order
    of a list that has several: a cursor holds it. A page starts after the last row of the one before, so a row that
    comes or goes between two requests moves no other to a page already read. Raises CursorInvalid.
    """
    name = () if sort is None else (sort,)
    entries = sorted(((key(row), row) for row in rows), key=itemgetter(0))
    total = len(entries) if page.include_total else None
    if page.cursor is not None and entries:
        kinds = tuple(_kind_of(part) for part in (*name, *entries[0][0]))
        values = tuple(decode_cursor(page.cursor, kinds=kinds))
        if values[: len(name)] != name:
            raise CursorInvalid(
                errors=[
                    field_problem(
                        "query.cursor",
                        worded("Must be a cursor of the list with sort={sort}", sort=sort),
                        "cursor_invalid",
                    )
                ]
            )
        entries = [entry for entry in entries if entry[0] > values[len(name) :]]
    shown = entries[: page.limit]
    cursor = encode_cursor(*name, *shown[-1][0]) if len(entries) > page.limit else None
    return [row for _, row in shown], cursor, total


def _kind_of(value: Any) -> type:
    """The type that a value comes back as from a cursor: asyncpg's ids are UUIDs of a class of their own."""
    return next((kind for kind in (UUID, str, datetime) if isinstance(value, kind)), type(value))


async def fetch_page(
    db: AsyncSession, statement: Select[Any], order: Order, page: PageQuery | PageParams
) -> tuple[list[Any], str | None, int | None]:
    """The rows of a page of `statement` (first entities), the next cursor, and the total if it was asked for."""
    total = (
        await db.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
        if page.include_total
        else None
    )
    statement = _after(statement, order, page.cursor).order_by(*_directions(order))
    is_computed = order.column.key is None
    if is_computed:
        statement = statement.add_columns(order.column.label("place"))
    lines = (await db.execute(statement.limit(page.limit + 1))).all()
    shown, cursor = lines[: page.limit], None
    if len(lines) > page.limit:
        last = shown[-1]
        place = last.place if is_computed else getattr(last[0], _key(order.column))
        cursor = encode_cursor(place, getattr(last[0], _key(order.tie)))
    return [line[0] for line in shown], cursor, total


async def fetch_bounded_page(
    db: AsyncSession,
    indexed: Select[Any],
    matches: Callable[[Any], Sequence[ColumnElement[bool]]],
    order: Order,
    page: BoundedParams,
    *,
    look_through: int = LOOK_THROUGH,
) -> tuple[list[Any], str | None]:
    """A page of a list over millions of rows, at a bounded cost whatever the filters are.

    `indexed` is a select of one entity whose conditions, with the order, an index answers; `matches` gives the other
    conditions on that entity. At most `look_through` rows are looked at: a page may hold fewer than `limit` rows, even
    none, and still have a next cursor, which goes on where this one stopped (the rule of Google's AIP-158).
    """
    window = _after(indexed, order, page.cursor).order_by(*_directions(order)).limit(look_through)
    seen = aliased(indexed.column_descriptions[0]["entity"], window.subquery())
    chosen = select(seen).where(*matches(seen)).order_by(*_directions(_order_of(seen, order)))
    rows = chosen.limit(page.limit + 1).cte("page")
    page_row = aliased(seen, rows)
    # Where to go on after a page that is not full: the last row that was looked at, if there is one. In the same
    # statement, for what is written between two of them would shift the rows: one could be lost, or come twice.
    edge = _edge(
        window, order, look_through, select(func.count()).select_from(rows).scalar_subquery() <= page.limit
    )
    both = outerjoin(page_row, edge, true(), full=True)
    answer = (
        select(page_row, *edge.columns).select_from(both).order_by(*_directions(_order_of(page_row, order)))
    )
    lines = (await db.execute(answer)).all()
    items = [line[0] for line in lines if line[0] is not None]
    if len(items) > page.limit:
        items = items[: page.limit]
        return items, encode_cursor(*(getattr(items[-1], _key(part)) for part in (order.column, order.tie)))
    return items, encode_cursor(*lines[0][1:]) if lines and lines[0][2] is not None else None


def _edge(window: Select[Any], order: Order, look_through: int, condition: ColumnElement[bool]) -> Subquery:
    """The place of the last of `look_through` rows; no row if there are fewer, or if it does not match."""
    places = window.with_only_columns(order.column.label("place"), order.tie.label("tie")).subquery()
    last = select(places).where(condition)
    falling = [column.desc() if order.descending else column.asc() for column in places.columns]
    return last.order_by(*falling).offset(look_through - 1).limit(1).subquery("edge")


def _order_of(entity: Any, order: Order) -> Order:
    """The same order on an alias of the entity."""
    column, tie = getattr(entity, _key(order.column)), getattr(entity, _key(order.tie))
    return Order(column, tie, order.descending)


def _after(statement: Select[Any], order: Order, cursor: str | None) -> Select[Any]:
    """`statement` from the row after the cursor's on. Raises CursorInvalid."""
    if cursor is None:
        return statement
    kinds = (order.column.type.python_type, order.tie.type.python_type)
    value, tie = decode_cursor(cursor, kinds=kinds)
    if any(not _fits(column, part) for column, part in ((order.column, value), (order.tie, tie))):
        raise CursorInvalid(errors=[_WRONG])
    here = tuple_(order.column, order.tie)
    last = tuple_(literal(value, order.column.type), literal(tie, order.tie.type))
    return statement.where(here < last if order.descending else here > last)


def _directions(order: Order) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if order.descending:
        return order.column.desc(), order.tie.desc()
    return order.column.asc(), order.tie.asc()


def _fits(column: ColumnElement[Any], value: Any) -> bool:
    """Whether a whole number is one that the column's type can hold."""
    if type(value) is not int or isinstance(column.type, BigInteger):
        return True
    bits = 15 if isinstance(column.type, SmallInteger) else 31
    return bool(-(2**bits) <= value < 2**bits)


def _key(column: ColumnElement[Any]) -> str:
    key = column.key
    if key is None:
        raise ValueError("order by a mapped column")
    return key
