"""Claims: how any number of workers share the rows of a queue that are due.

A claim is two statements. The first reads candidates and takes no lock. The second changes them, on the condition that they
are still due and not leased. Two workers may read the same candidates: the second one waits for the first one's commit, finds
that the condition is no longer true, and reads again. Correctness rests on the condition alone, so a claim needs no lock over
the rows of several customers, which a sharded PostgreSQL refuses (docs/decisions/0012-sql-functions-in-rooms.md).

A lease is an instant in the row. A worker that dies leaves a lease that runs out, and the row is due again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, DateTime, Float, Row, Table, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from gencharge.core.postgres.database import Base

# How often a claim reads anew if other workers took all the candidates that it had read.
_ROUNDS: Final = 4


def instant(pinned: datetime | None = None) -> ColumnElement[datetime]:
    """The database's instant of the statement, or `pinned`: what leases and due instants are compared with."""
    return func.statement_time(literal(pinned, DateTime(timezone=True)), type_=DateTime(timezone=True))


async def read_instant(db: AsyncSession, pinned: datetime | None = None) -> datetime:
    """The database's instant, or `pinned`: for a statement that can't compute with it, inside CASE for example."""
    present: datetime | None = await db.scalar(select(instant(pinned)))
    assert present is not None, "statement_time returns an instant"
    return present


def after(now: ColumnElement[datetime], seconds: float) -> ColumnElement[datetime]:
    """The instant `seconds` after `now`."""
    return now + func.make_interval(0, 0, 0, 0, 0, 0, literal(seconds, Float(53)))


async def claim(
    db: AsyncSession,
    model: type[Base],
    *due: ColumnElement[bool],
    now: ColumnElement[datetime],
    order: ColumnElement[Any] | InstrumentedAttribute[Any],
    limit: int,
    lease_seconds: float,
    lease: InstrumentedAttribute[Any],
    changes: Mapping[Any, Any] | None = None,
    returning: Sequence[Any] = (),
) -> Sequence[Row[Any]]:
    """Lease up to `limit` rows of `model` that are `due`, the first by `order`, until `now` and `lease_seconds`.

    `lease` is the column that says until when a row is leased. `changes` are made in the same statement. Returns what
    `returning` names of each row, or the row as a `model`.
    """
    free = or_(lease.is_(None), lease <= now)
    values = {lease: after(now, lease_seconds), **(changes or {})}
    return await take(db, model, *due, free, order=order, limit=limit, changes=values, returning=returning)


async def take(
    db: AsyncSession,
    model: type[Base],
    *due: ColumnElement[bool],
    order: ColumnElement[Any] | InstrumentedAttribute[Any],
    limit: int,
    changes: Mapping[Any, Any],
    returning: Sequence[Any] = (),
) -> Sequence[Row[Any]]:
    """Change up to `limit` rows of `model` that are `due`, the first by `order`; each of them by one worker only.

    `changes` must make the condition `due` false. Returns what `returning` names of each row, or the row as a `model`.
    """
    table = model.__table__
    assert isinstance(table, Table), "a queue is a table"
    key = list(table.primary_key.columns)
    candidates = select(*key).where(*due).order_by(order).limit(limit)
    for _ in range(_ROUNDS):
        due_keys = (await db.execute(candidates)).all()
        if not due_keys:
            break
        # In the order of the key: two workers with the same candidates wait for each other in one direction.
        columns = zip(*sorted(tuple(row) for row in due_keys), strict=True)
        arrays = [
            literal(list(values), ARRAY(column.type)) for column, values in zip(key, columns, strict=True)
        ]
        chosen = func.unnest(*arrays).table_valued(*(f"key_{part.name}" for part in key), name="candidates")
        chosen = chosen.render_derived()
        same = [part == chosen.c[f"key_{part.name}"] for part in key]
        statement = (
            update(model)
            .where(*same, *due)
            .values(dict(changes))
            .returning(*(returning or (model,)))
            .execution_options(synchronize_session=False, populate_existing=True)
        )
        taken = (await db.execute(statement)).all()
        if taken:
            return taken
    return []
