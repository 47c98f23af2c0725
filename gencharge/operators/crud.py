"""Queries of operators, circles and connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import Order, PageQuery, fetch_page
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.operators.models import Circle, ConnectionRow, Operator


async def list_operators(db: AsyncSession) -> Sequence[Operator]:
    """Every operator, in the order to show them."""
    return (await db.scalars(select(Operator).order_by(Operator.sort_order, Operator.code))).all()


async def list_operators_where(db: AsyncSession, *conditions: ColumnElement[bool]) -> Sequence[Operator]:
    """The operators that fulfil all conditions, in the order to show them."""
    statement = select(Operator).where(*conditions).order_by(Operator.sort_order, Operator.code)
    return (await db.scalars(statement)).all()


async def lock_operator(db: AsyncSession, code: str, *conditions: ColumnElement[bool]) -> Operator | None:
    """The operator of this code if it fulfils the conditions, held to the end of the transaction."""
    # Not FOR UPDATE: plans and numbers that refer to it need not wait.
    statement = select(Operator).where(Operator.code == code, *conditions).with_for_update(key_share=True)
    return (await db.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def delete_operator(db: AsyncSession, code: str) -> None:
    """Delete the operator. Raises IntegrityError if something refers to it."""
    await db.execute(delete(Operator).where(Operator.code == code))


async def list_circles(db: AsyncSession) -> Sequence[Circle]:
    """Every circle, by name."""
    return (await db.scalars(select(Circle).order_by(Circle.name))).all()


async def count_rows(db: AsyncSession) -> tuple[int, int]:
    """How many operators and circles there are."""
    operators = select(func.count()).select_from(Operator).scalar_subquery()
    circles = select(func.count()).select_from(Circle).scalar_subquery()
    row = (await db.execute(select(operators, circles))).one()
    return int(row[0]), int(row[1])


async def add_missing(
    db: AsyncSession, operators: Sequence[Mapping[str, Any]], circles: Sequence[Mapping[str, Any]]
) -> None:
    """Insert missing rows; existing ones stay as they are."""
    await db.execute(insert(Operator).on_conflict_do_nothing(), operators)
    await db.execute(insert(Circle).on_conflict_do_nothing(), circles)


async def find_connection(db: AsyncSession, phone_number: str, user_id: UUID) -> ConnectionRow | None:
    """The connection of a number: the user's own row, or else the registry's."""
    statement = select(ConnectionRow).where(
        ConnectionRow.phone_number == phone_number, ConnectionRow.user_id.in_((user_id, SYSTEM_USER_ID))
    )
    own_first = statement.order_by((ConnectionRow.user_id != SYSTEM_USER_ID).desc()).limit(1)
    return (await db.scalars(own_first, execution_options={"populate_existing": True})).one_or_none()


async def put_connection(
    db: AsyncSession, phone_number: str, user_id: UUID, values: Mapping[str, Any]
) -> None:
    """Insert or update the row of `user_id`. An equal row is not written."""
    row = {"phone_number": phone_number, "user_id": user_id, "updated_at": clock.now(), **values}
    statement = insert(ConnectionRow).values(row)
    new = statement.excluded
    columns = ("operator", "circle", "service_type")
    current = tuple_(*(getattr(ConnectionRow, name) for name in columns))
    await db.execute(
        statement.on_conflict_do_update(
            index_elements=[ConnectionRow.phone_number, ConnectionRow.user_id],
            set_={name: new[name] for name in (*columns, "updated_at")},
            where=current.is_distinct_from(tuple_(*(new[name] for name in columns))),
        )
    )


async def get_connection(db: AsyncSession, phone_number: str, user_id: UUID) -> ConnectionRow:
    """The row of this number and user, which must be there."""
    return await db.get_one(ConnectionRow, (phone_number, user_id), populate_existing=True)


async def list_connections(
    db: AsyncSession, user_id: UUID, page: PageQuery
) -> tuple[list[ConnectionRow], str | None, int | None]:
    """A page of the numbers that a user corrected, by number."""
    order = Order(ConnectionRow.phone_number, ConnectionRow.user_id, descending=False)  # type: ignore[arg-type]
    return await fetch_page(db, select(ConnectionRow).where(ConnectionRow.user_id == user_id), order, page)


async def delete_connections(db: AsyncSession, user_id: UUID) -> None:
    """Delete a user's corrections."""
    await db.execute(delete(ConnectionRow).where(ConnectionRow.user_id == user_id))
