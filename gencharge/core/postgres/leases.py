"""Claims: how any number of workers share the rows of a queue that are due.

A claim is two statements. The first reads candidates and takes no lock. The second changes them, on the condition that they
are still due and not leased. Two workers may read the same candidates: the second one waits for the first one's commit, finds
that the condition is no longer true, and reads again. Correctness rests on the condition alone, so a claim needs no lock over
the rows of several customers, which a sharded PostgreSQL refuses (docs/decisions/0012-sql-functions-in-rooms.md).

Most claims find nothing. Such a claim is one round trip, without BEGIN and COMMIT (`core.postgres.single`), if it is the first thing
that its transaction does.

A lease is an instant in the row. A worker that dies leaves a lease that runs out, and the row is due again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Float,
    Integer,
    Row,
    Table,
    bindparam,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from gencharge.core.postgres.database import Base
from gencharge.core.postgres.single import SingleQuery

# How often a claim reads again if other workers took all the candidates that it had read.
_ROUNDS: Final = 4
_INSTANT: Final = DateTime(timezone=True)
# The instant of a claim, in the conditions and changes of a queue.
NOW: Final[ColumnElement[datetime]] = func.statement_time(
    bindparam("claimed_at", type_=_INSTANT), type_=_INSTANT
)


def instant(pinned: datetime | None = None) -> ColumnElement[datetime]:
    """The database's instant of the statement, or `pinned`: what leases and due instants are compared with."""
    return func.statement_time(literal(pinned, _INSTANT), type_=_INSTANT)


async def read_instant(db: AsyncSession, pinned: datetime | None = None) -> datetime:
    """The database's instant, or `pinned`: for a statement that can't compute with it, inside CASE for example."""
    present: datetime | None = await db.scalar(select(instant(pinned)))
    assert present is not None, "statement_time returns an instant"
    return present


def after(now: ColumnElement[datetime], seconds: float | ColumnElement[float]) -> ColumnElement[datetime]:
    """The instant `seconds` after `now`."""
    return now + func.make_interval(
        0, 0, 0, 0, 0, 0, seconds if isinstance(seconds, ColumnElement) else literal(seconds, Float(53))
    )


class Queue:
    """The two statements by which workers take rows of a table that are `due`, the first by `order`.

    `changes` are made to each row that is taken, and must make `due` false. `returning` is what a worker gets of it, by
    default the row as a `model`. Built once, because building the statements costs more than running them; what differs
    from call to call is a `bindparam`, whose name is not the name of a column.
    """

    def __init__(
        self,
        model: type[Base],
        *due: ColumnElement[bool],
        order: ColumnElement[Any] | InstrumentedAttribute[Any],
        changes: Mapping[Any, Any],
        returning: Sequence[Any] = (),
    ) -> None:
        table = model.__table__
        assert isinstance(table, Table), "a queue is a table"
        key = list(table.primary_key.columns)
        limit = bindparam("row_limit", type_=Integer)
        first = select(*key).where(*due).order_by(order).limit(limit).subquery("first")
        # In the order of the key: two workers with the same candidates wait for each other in one direction. As arrays,
        # which come and go as they are: a row for each key would cost more than all the rest.
        of_first: list[Any] = [
            func.array_agg(aggregate_order_by(part, *first.columns)) for part in first.columns
        ]
        self._candidates = SingleQuery(select(*of_first))
        self._keys = [f"keys_{part.name}" for part in key]
        arrays = [bindparam(name, type_=ARRAY(part.type)) for name, part in zip(self._keys, key, strict=True)]
        chosen = func.unnest(*arrays).table_valued(*self._keys, name="candidates").render_derived()
        same = [part == chosen.c[name] for name, part in zip(self._keys, key, strict=True)]
        self._change = (
            update(model)
            .where(*same, *due)
            .values(dict(changes))
            .returning(*(returning or (model,)))
            .execution_options(synchronize_session=False, populate_existing=True)
        )

    async def take(
        self, db: AsyncSession, *, limit: int, pinned: datetime | None = None, **values: Any
    ) -> Sequence[Row[Any]]:
        """Change up to `limit` rows that are due at the database's instant, or at `pinned`; each by one worker only."""
        parameters = {"row_limit": limit, "claimed_at": pinned, **values}
        for _ in range(_ROUNDS):
            keys = await self._candidates.fetch(db, parameters)
            if keys[0] is None:
                break
            chosen = dict(zip(self._keys, keys, strict=True))
            taken = (await db.execute(self._change, parameters | chosen)).all()
            if taken:
                return taken
        return []


class LeasedQueue(Queue):
    """A queue whose rows are leased: `lease` is the column that says until when."""

    def __init__(
        self,
        model: type[Base],
        *due: ColumnElement[bool],
        order: ColumnElement[Any] | InstrumentedAttribute[Any],
        lease: InstrumentedAttribute[Any],
        changes: Mapping[Any, Any] | None = None,
        returning: Sequence[Any] = (),
    ) -> None:
        free = or_(lease.is_(None), lease <= NOW)
        until = after(NOW, bindparam("lease_seconds", type_=Float(53)))
        super().__init__(
            model, *due, free, order=order, changes={lease: until, **(changes or {})}, returning=returning
        )

    async def claim(
        self,
        db: AsyncSession,
        *,
        limit: int,
        lease_seconds: float,
        pinned: datetime | None = None,
        **values: Any,
    ) -> Sequence[Row[Any]]:
        """Lease up to `limit` rows that are due and that no other worker has leased, for `lease_seconds`."""
        return await self.take(db, limit=limit, pinned=pinned, lease_seconds=lease_seconds, **values)
