"""Pages: all rows once, whatever the ties; a cursor from outside is refused, never a server error."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import ids
from gencharge.core.events import DeliveryRow
from gencharge.core.paging import CursorInvalid, Order, PageQuery, decode_cursor, encode_cursor, fetch_page
from gencharge.core.stores import Stores

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


MINE = select(DeliveryRow).where(DeliveryRow.user_id == USER)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("column", [DeliveryRow.occurred_at, DeliveryRow.listener, DeliveryRow.attempts])
async def test_pages_give_every_row_once_and_in_order(
    rows: AsyncSession, column: object, descending: bool
) -> None:
    order = Order(column, DeliveryRow.event_id, descending)  # type: ignore[arg-type]
    seen: list[DeliveryRow] = []
    cursor: str | None = None
    for _ in range(10):
        found, cursor, total = await fetch_page(
            rows, MINE, order, PageQuery(limit=4, cursor=cursor, include_total=True)
        )
        assert total == 25
        assert len(found) <= 4
        seen.extend(found)
        if cursor is None:
            break
    keys = [(getattr(row, order.column.key or ""), row.event_id) for row in seen]
    assert len(set(keys)) == 25
    assert keys == sorted(keys, reverse=descending)


async def test_a_last_page_that_is_full_has_no_cursor(rows: AsyncSession) -> None:
    order = Order(DeliveryRow.occurred_at, DeliveryRow.event_id)
    found, cursor, total = await fetch_page(rows, MINE, order, PageQuery(limit=25))
    assert (len(found), cursor, total) == (25, None, None)


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
        await fetch_page(rows, MINE, order, PageQuery(cursor=forged))


@pytest.mark.parametrize("value", [2**15, 2**63, 2**64 - 1, 10**30, 1.5, True])
async def test_a_number_that_the_column_cannot_hold_is_refused(rows: AsyncSession, value: object) -> None:
    order = Order(DeliveryRow.attempts, DeliveryRow.event_id)
    raw = b'[%s,"u:%s"]' % (str(value).lower().encode(), str(USER).encode())
    forged = base64.urlsafe_b64encode(raw).decode()
    with pytest.raises(CursorInvalid):
        await fetch_page(rows, MINE, order, PageQuery(cursor=forged))


async def test_a_text_with_a_nul_is_refused(rows: AsyncSession) -> None:
    order = Order(DeliveryRow.listener, DeliveryRow.event_id)
    with pytest.raises(CursorInvalid):
        await fetch_page(rows, MINE, order, PageQuery(cursor=encode_cursor("a\x00b", USER)))


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
