"""Pages: all rows once, whatever the ties; a cursor from outside is refused, never a server error."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import event, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import DeliveryRow
from gencharge.core.http.paging import (
    BoundedParams,
    CursorInvalid,
    Order,
    PageQuery,
    column_of,
    decode_cursor,
    encode_cursor,
    fetch_bounded_page,
    fetch_page,
    slice_page,
)
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.values import ids

USER = UUID("0198c0de-0000-7000-8000-000000000000")
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def rows(stores: Stores) -> AsyncIterator[AsyncSession]:
    """25 deliveries, three at each instant; gone after the test."""

    def row(number: int) -> dict[str, object]:
        instant = START + timedelta(minutes=number // 3)
        return {
            "user_id": USER,
            "event_id": ids.new_id(),
            "listener": f"t:{number:02d}",
            "topic": "None",
            "payload": {},
            "context": {},
            "occurred_at": instant,
            "attempts": number % 4,
        }

    session = AsyncSession(stores.database.engine)
    await session.execute(insert(DeliveryRow), [row(number) for number in range(25)])
    try:
        yield session
    finally:
        await session.rollback()
        await session.close()


OWN_ROWS = select(DeliveryRow).where(DeliveryRow.user_id == USER)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("column", [DeliveryRow.occurred_at, DeliveryRow.listener, DeliveryRow.attempts])
async def test_pages_give_every_row_once_and_in_order(
    rows: AsyncSession, column: object, descending: bool
) -> None:
    order = Order(column, DeliveryRow.event_id, descending)  # type: ignore[arg-type]
    seen: list[DeliveryRow] = []
    cursor: str | None = None
    for _ in range(10):
        page, cursor, total = await fetch_page(
            rows, OWN_ROWS, order, PageQuery(limit=4, cursor=cursor, include_total=True)
        )
        assert total == 25
        assert len(page) <= 4
        seen.extend(page)
        if cursor is None:
            break
    keys = [(getattr(row, order.column.key or ""), row.event_id) for row in seen]
    assert len(set(keys)) == 25
    assert keys == sorted(keys, reverse=descending)


async def test_a_last_page_that_is_full_has_no_cursor(rows: AsyncSession) -> None:
    order = Order(DeliveryRow.occurred_at, DeliveryRow.event_id)
    page, cursor, total = await fetch_page(rows, OWN_ROWS, order, PageQuery(limit=25))
    assert (len(page), cursor, total) == (25, None, None)


def cursor_of(values: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "x",
        "नमस्ते",
        "%%%%",
        cursor_of(None),
        cursor_of(5),
        cursor_of({"t:": 1}),
        cursor_of([]),
        cursor_of(["t:2026-01-01T00:00:00", f"u:{USER}"]),  # no zone
        cursor_of(["t:0001-01-01T00:00:00+14:00", f"u:{USER}"]),  # before the first year in UTC
        cursor_of(["t:2026-01-01T00:00:00Z", "u:1"]),
        cursor_of(["t:2026-01-01T00:00:00Z"]),
        cursor_of(["t:2026-01-01T00:00:00Z", f"u:{USER}", 1]),
        cursor_of([1, f"u:{USER}"]),
        cursor_of([{"$gt": ""}, f"u:{USER}"]),
    ],
)
async def test_a_forged_cursor_is_refused(rows: AsyncSession, forged: str) -> None:
    order = Order(DeliveryRow.occurred_at, DeliveryRow.event_id)
    with pytest.raises(CursorInvalid):
        await fetch_page(rows, OWN_ROWS, order, PageQuery(cursor=forged))


@pytest.mark.parametrize("value", [2**15, 2**63, 2**64 - 1, 10**30, 1.5, True])
async def test_a_number_that_the_column_cannot_hold_is_refused(rows: AsyncSession, value: object) -> None:
    order = Order(DeliveryRow.attempts, DeliveryRow.event_id)
    raw = b'[%s,"u:%s"]' % (str(value).lower().encode(), str(USER).encode())
    forged = base64.urlsafe_b64encode(raw).decode()
    with pytest.raises(CursorInvalid):
        await fetch_page(rows, OWN_ROWS, order, PageQuery(cursor=forged))


async def test_a_text_with_a_nul_is_refused(rows: AsyncSession) -> None:
    order = Order(DeliveryRow.listener, DeliveryRow.event_id)
    with pytest.raises(CursorInvalid):
        await fetch_page(rows, OWN_ROWS, order, PageQuery(cursor=encode_cursor("a\x00b", USER)))


@examples(max_examples=50, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.datetimes(timezones=st.just(UTC)),
            st.uuids(),
            st.booleans(),
            st.integers(-(2**63), 2**63 - 1),
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50),
        ),
        max_size=3,
    )
)
def test_a_cursor_gives_back_what_was_put_in(values: list[object]) -> None:
    assert decode_cursor(encode_cursor(*values), kinds=tuple(type(value) for value in values)) == values


@examples(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_no_text_at_all_breaks_the_decoder(text: str) -> None:
    try:
        decode_cursor(text, kinds=(datetime, UUID))
    except CursorInvalid:
        return
    raise AssertionError("a random text passed as a cursor")


def test_what_a_cursor_cannot_carry_is_an_error_where_it_is_made() -> None:
    with pytest.raises(TypeError):
        encode_cursor(1.5)
    with pytest.raises(TypeError):
        encode_cursor(None)


async def pages_of(
    db: AsyncSession, order: Order, attempts: int, *, limit: int, look_through: int
) -> list[tuple[list[DeliveryRow], str | None]]:
    """All pages of the deliveries with this number of `attempts`, through a window of `look_through` rows."""
    pages: list[tuple[list[DeliveryRow], str | None]] = []
    cursor: str | None = None
    while not pages or cursor is not None:
        page, cursor = await fetch_bounded_page(
            db,
            OWN_ROWS,
            lambda seen: [seen.attempts == attempts],
            order,
            BoundedParams(limit=limit, cursor=cursor),
            look_through=look_through,
        )
        pages.append((page, cursor))
        assert len(pages) <= 100, "pages without an end"
    return pages


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("look_through", [1, 2, 3, 24, 25, 26, 1000])
@pytest.mark.parametrize("limit", [1, 2, 6, 7, 100])
async def test_bounded_pages_give_every_match_once_and_in_order_whatever_they_look_through(
    rows: AsyncSession, limit: int, look_through: int, descending: bool
) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id), descending)
    pages = await pages_of(rows, order, 1, limit=limit, look_through=look_through)
    seen = [row for page, _ in pages for row in page]
    assert [row.listener for row in seen] == sorted(
        (f"t:{number:02d}" for number in range(25) if number % 4 == 1), reverse=descending
    )
    assert all(len(page) <= limit for page, _ in pages)


async def test_a_page_without_a_match_says_where_to_go_on(rows: AsyncSession) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id))
    pages = await pages_of(rows, order, 9, limit=5, look_through=10)
    assert [(page, cursor is None) for page, cursor in pages] == [([], False), ([], False), ([], True)]


async def test_a_bounded_list_that_ends_with_its_window_ends_after_one_empty_page_at_most(
    rows: AsyncSession,
) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id))
    pages = await pages_of(rows, order, 0, limit=100, look_through=25)
    assert [len(page) for page, _ in pages] == [7, 0]


async def test_a_bounded_page_looks_at_no_more_rows_than_it_may(rows: AsyncSession) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id), descending=False)
    page, cursor = await fetch_bounded_page(
        rows, OWN_ROWS, lambda seen: [seen.attempts == 3], order, BoundedParams(), look_through=5
    )
    assert [row.listener for row in page] == ["t:03"]
    assert cursor is not None
    assert decode_cursor(cursor, kinds=(datetime, UUID))[0] == START + timedelta(minutes=1)


async def test_a_row_that_comes_between_two_pages_moves_no_other(rows: AsyncSession) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id))
    seen: list[str] = []
    cursor: str | None = None
    for number in range(100, 120):
        page, cursor = await fetch_bounded_page(
            rows,
            OWN_ROWS,
            lambda seen: [seen.attempts == 2],
            order,
            BoundedParams(limit=2, cursor=cursor),
            look_through=4,
        )
        seen += [row.listener for row in page]
        if cursor is None:
            break
        newest = START + timedelta(hours=number)
        values = {"user_id": USER, "event_id": ids.new_id(), "listener": f"t:{number}", "topic": "None"}
        late = values | {"payload": {}, "context": {}, "occurred_at": newest, "attempts": 2}
        await rows.execute(insert(DeliveryRow), [late])
    assert seen == [f"t:{number:02d}" for number in (22, 18, 14, 10, 6, 2)]


async def test_a_bounded_page_asks_the_database_once(rows: AsyncSession) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id))
    statements: list[str] = []
    connection = (await rows.connection()).sync_connection

    def count(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(connection, "before_cursor_execute", count)
    try:
        # What is written between two statements would shift the rows under the second one.
        await fetch_bounded_page(
            rows, OWN_ROWS, lambda seen: [seen.attempts == 1], order, BoundedParams(limit=50), look_through=10
        )
    finally:
        event.remove(connection, "before_cursor_execute", count)
    assert len(statements) == 1


@pytest.mark.parametrize("forged", ["x", cursor_of([]), cursor_of(["t:2026-01-01T00:00:00Z", "u:1"])])
async def test_a_bounded_list_refuses_a_forged_cursor(rows: AsyncSession, forged: str) -> None:
    order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id))
    with pytest.raises(CursorInvalid):
        await fetch_bounded_page(rows, OWN_ROWS, lambda _: [], order, BoundedParams(cursor=forged))


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30),
    limit=st.integers(1, 8),
    look_through=st.integers(1, 12),
    descending=st.booleans(),
)
def test_whatever_the_rows_bounded_pages_lose_none_and_give_none_twice(
    servers: Path,
    settings: Settings,
    minutes: list[tuple[int, bool]],
    limit: int,
    look_through: int,
    descending: bool,
) -> None:
    del servers

    async def run() -> None:
        stores = Stores.open(settings)
        session = AsyncSession(stores.database.engine)
        try:
            values = [
                {
                    "user_id": USER,
                    "event_id": ids.new_id(),
                    "listener": f"h:{number}",
                    "topic": "None",
                    "payload": {},
                    "context": {},
                    "occurred_at": START + timedelta(minutes=minute),
                    "attempts": int(matches),
                }
                for number, (minute, matches) in enumerate(minutes)
            ]
            if values:
                await session.execute(insert(DeliveryRow), values)
            order = Order(column_of(DeliveryRow.occurred_at), column_of(DeliveryRow.event_id), descending)
            pages = await pages_of(session, order, 1, limit=limit, look_through=look_through)
            seen = [(row.occurred_at, row.event_id) for page, _ in pages for row in page]
            expected = [(row["occurred_at"], row["event_id"]) for row in values if row["attempts"]]
            assert seen == sorted(expected, reverse=descending)
        finally:
            await session.rollback()
            await session.close()
            await stores.close()

    asyncio.run(run())


# Lists in memory.


class DriverId(UUID):
    """An id of a class of its own, such as asyncpg's."""


def pages_in_memory(
    rows: Sequence[Any], key: Callable[[Any], tuple[Any, ...]], limit: int
) -> list[tuple[list[Any], str | None, int | None]]:
    """Every page, from the first to the last."""
    pages = [slice_page(rows, PageQuery(limit=limit, include_total=True), key)]
    while pages[-1][1] is not None:
        pages.append(slice_page(rows, PageQuery(limit=limit, cursor=pages[-1][1]), key))
    return pages


# No store can hold a NUL character, so no name in a list has one; nor can half a surrogate pair be stored or sent.
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=3)


@given(st.lists(st.tuples(st.integers(-3, 3), NAMES), unique=True), st.integers(1, 5))
def test_a_list_in_memory_gives_every_row_once_in_order(rows: list[tuple[int, str]], limit: int) -> None:
    pages = pages_in_memory(rows, lambda row: row, limit)
    assert [row for page, _, _ in pages for row in page] == sorted(rows)
    assert pages[0][2] == len(rows)
    assert all(total is None for _, _, total in pages[1:])
    assert all(len(page) == limit for page, _, _ in pages[:-1])


def test_a_list_in_memory_that_ends_with_a_page_has_no_cursor() -> None:
    assert [cursor for _, cursor, _ in pages_in_memory([1, 2, 3, 4], lambda row: (row,), 2)][-1] is None
    assert len(pages_in_memory([1, 2, 3, 4], lambda row: (row,), 2)) == 2
    assert slice_page([], PageQuery(include_total=True), lambda row: (row,)) == ([], None, 0)


def test_ids_of_the_drivers_own_class_find_their_way_back_from_a_cursor() -> None:
    rows = [DriverId(int=number) for number in range(5)]
    assert [row for page, _, _ in pages_in_memory(rows, lambda row: (row,), 2) for row in page] == rows


def test_a_row_that_is_deleted_between_two_pages_moves_no_other() -> None:
    rows = list(range(6))
    _, cursor, _ = slice_page(rows, PageQuery(limit=2), lambda row: (row,))
    rows.remove(1)
    page, _, _ = slice_page(rows, PageQuery(limit=2, cursor=cursor), lambda row: (row,))
    assert page == [2, 3]


@pytest.mark.parametrize("forged", ["", "x", encode_cursor("a"), encode_cursor(1, 2), encode_cursor(True)])
def test_a_list_in_memory_refuses_a_forged_cursor(forged: str) -> None:
    with pytest.raises(CursorInvalid):
        slice_page([1, 2, 3], PageQuery(cursor=forged), lambda row: (row,))


def test_a_cursor_belongs_to_the_order_that_it_came_from() -> None:
    rows = list(range(6))
    _, cursor, _ = slice_page(rows, PageQuery(limit=2), lambda row: (row,), sort="up")
    following = PageQuery(limit=2, cursor=cursor)
    assert slice_page(rows, following, lambda row: (row,), sort="up")[0] == [2, 3]
    with pytest.raises(CursorInvalid) as refused:
        slice_page(rows, following, lambda row: (-row,), sort="down")
    assert refused.value.errors[0]["message"] == "Must be a cursor of the list with sort=down"
    with pytest.raises(CursorInvalid):
        slice_page(rows, following, lambda row: (row,))
