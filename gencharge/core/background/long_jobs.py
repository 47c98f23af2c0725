"""Work that takes minutes and that somebody follows: a row with a status, which a worker claims, keeps with a pulse, and ends.

The room's own table has the columns `status` (waiting, running, and what its ends are called), `attempts`, `leased_until`, `failure`,
`created_at`, `started_at` and `ended_at`; its key is one column. A worker that dies leaves a lease that runs out, and another one
begins again. A worker whose lease has run out, or whose row was cancelled, writes nothing more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, inspect, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import Unavailable

WAITING: Final = "waiting"
RUNNING: Final = "running"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
WORKER_STOPPED: Final = "worker_stopped"
_OPEN: Final = (WAITING, RUNNING)


async def claim(
    db: AsyncSession,
    model: type[Any],
    key: object,
    *,
    now: datetime,
    lease: timedelta,
    attempts: int,
    **changes: Any,
) -> Any | None:
    """Take a row that waits, or whose worker let its lease run out; None if there is nothing to take."""
    statement = (
        update(model)
        .where(
            _key_of(model) == key,
            model.attempts < attempts,
            or_(model.status == WAITING, and_(model.status == RUNNING, model.leased_until <= now)),
        )
        .values(
            status=RUNNING, attempts=model.attempts + 1, leased_until=now + lease, started_at=now, **changes
        )
        .returning(model)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).one_or_none()


async def renew(db: AsyncSession, claimed: Any, *, now: datetime, lease: timedelta, **progress: Any) -> bool:
    """Say how far it is and keep the lease; False if it was cancelled, or another worker has it."""
    return await _change(db, claimed, {"leased_until": now + lease, **progress})


async def end(db: AsyncSession, claimed: Any, status: str, *, now: datetime, **values: Any) -> bool:
    """Write the end down; False if it was cancelled, or another worker has it."""
    return await _change(db, claimed, {"status": status, "ended_at": now, **values})


async def put_back(db: AsyncSession, claimed: Any, *, failure: str) -> bool:
    """Have it wait for another attempt, because of what was away; False if it was cancelled, or another worker has it."""
    return await _change(db, claimed, {"status": WAITING, "leased_until": None, "failure": failure})


async def cancel(db: AsyncSession, model: type[Any], key: object, *, now: datetime) -> bool:
    """Cancel what waits or runs; False if it has ended."""
    statement = update(model).where(_key_of(model) == key, model.status.in_(_OPEN))
    ended = statement.values(status=CANCELLED, ended_at=now).returning(_key_of(model))
    return (await db.execute(ended)).first() is not None


async def list_due(
    db: AsyncSession, model: type[Any], *, now: datetime, waiting_since: datetime
) -> Sequence[Any]:
    """The keys of rows that nobody works on: older than `waiting_since` and waiting, or with a lease that ran out."""
    statement: Select[Any] = select(_key_of(model)).where(
        or_(
            and_(model.status == WAITING, model.created_at < waiting_since),
            and_(model.status == RUNNING, model.leased_until <= now),
        )
    )
    return (await db.scalars(statement.order_by(model.created_at).limit(100))).all()


async def give_up(db: AsyncSession, model: type[Any], *, now: datetime, attempts: int) -> Sequence[Any]:
    """End what workers that died have tried often enough; the rows."""
    statement = (
        update(model)
        .where(model.status == RUNNING, model.leased_until <= now, model.attempts >= attempts)
        .values(status=FAILED, ended_at=now, failure=WORKER_STOPPED)
        .returning(model)
        .execution_options(populate_existing=True)
    )
    return (await db.scalars(statement)).all()


async def with_pulse(
    work: Coroutine[Any, Any, None],
    renew: Callable[[], Awaitable[bool]],
    *,
    seconds: float,
    stop: Callable[[asyncio.Task[None]], object] = asyncio.Task.cancel,
) -> bool:
    """Do the work and call `renew` all the while; False if that said that nobody wants it any more, and the work was stopped.

    `stop` ends the work; what it raises then is not raised. Otherwise raises what the work raises."""
    working = asyncio.create_task(work)
    # If we are cancelled, it may end later than we do.
    working.add_done_callback(lambda done: done.cancelled() or done.exception())
    pulse = asyncio.create_task(_pulse(renew, seconds))
    try:
        await asyncio.wait({working, pulse}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and pulse.exception() is None:
            stop(working)
            await asyncio.wait({working})
            if not working.cancelled():
                working.exception()
            return False
        await working
        return True
    finally:
        for task in (working, pulse):
            if not task.done():
                stop(task) if task is working else task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await pulse


async def _pulse(renew: Callable[[], Awaitable[bool]], seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            if not await renew():
                return
        except Unavailable:
            continue


async def _change(db: AsyncSession, claimed: Any, values: dict[str, Any]) -> bool:
    model = type(claimed)
    key = _key_of(model)
    statement = (
        update(model)
        .where(
            key == getattr(claimed, key.key or ""),
            model.status == RUNNING,
            model.attempts == claimed.attempts,
        )
        .values(**values)
        .returning(key)
    )
    return (await db.execute(statement)).first() is not None


def _key_of(model: type[Any]) -> ColumnElement[Any]:
    column: ColumnElement[Any] = inspect(model).primary_key[0]
    return column
