"""SQL of runs and differences. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.reconciliation.models import (
    DifferenceStatus,
    ReconciliationDifference,
    ReconciliationRun,
    RunStatus,
)
from gencharge.reconciliation.schemas import DifferenceQuery, RunQuery

UNSETTLED = (DifferenceStatus.OPEN, DifferenceStatus.CLAIMED)
# Channels that were used around a day, and those that are used now.
_CHANNELS = text("""
    SELECT code FROM operator_channels AS c
    WHERE EXISTS (SELECT FROM operator_attempts AS a
                  WHERE a.channel = c.code AND a.started_at >= :starts AND a.started_at < :ends)
    ORDER BY code
""")
_INSERT_AT_A_TIME = 1_000


async def list_used_channels(db: AsyncSession, starts: datetime, ends: datetime) -> list[str]:
    """The channels over which something went from `starts` to before `ends`."""
    return list((await db.scalars(_CHANNELS, {"starts": starts, "ends": ends})).all())


async def add_run(db: AsyncSession, **values: Any) -> None:
    """A run that has not finished."""
    await db.execute(insert(ReconciliationRun).values(status=RunStatus.RUNNING.value, **values))


async def get_run(db: AsyncSession, run_id: UUID) -> ReconciliationRun | None:
    """One run, as it is in the database now."""
    return await db.get(ReconciliationRun, run_id, populate_existing=True)


async def find_finished(db: AsyncSession, counterparty: str, day: date) -> ReconciliationRun | None:
    """The run of a day that counts."""
    query = (
        select(ReconciliationRun)
        .where(
            ReconciliationRun.counterparty == counterparty,
            ReconciliationRun.day == day,
            ReconciliationRun.status.in_((RunStatus.MATCHED, RunStatus.DIFFERENCES)),
            ReconciliationRun.superseded_at.is_(None),
        )
        .limit(1)
    )
    found: ReconciliationRun | None = await db.scalar(query)
    return found


async def lock_day(db: AsyncSession, counterparty: str, day: date) -> Sequence[ReconciliationRun]:
    """All runs of a counterparty's day, held to the end of the transaction: one result at a time is written down."""
    query = (
        select(ReconciliationRun)
        .where(ReconciliationRun.counterparty == counterparty, ReconciliationRun.day == day)
        .order_by(ReconciliationRun.run_id)
        .with_for_update()
    )
    return (await db.scalars(query.execution_options(populate_existing=True))).all()


async def supersede(db: AsyncSession, counterparty: str, day: date, run_id: UUID, at: datetime) -> None:
    """What earlier runs of the day left unsettled is no longer theirs; `run_id` is the run that counts."""
    of_day = (ReconciliationRun.counterparty == counterparty, ReconciliationRun.day == day)
    await db.execute(
        update(ReconciliationRun)
        .where(*of_day, ReconciliationRun.run_id != run_id, ReconciliationRun.superseded_at.is_(None))
        .values(superseded_at=at)
        .execution_options(synchronize_session=False)
    )
    found = ReconciliationDifference
    await db.execute(
        update(found)
        .where(
            found.counterparty == counterparty,
            found.day == day,
            found.run_id != run_id,
            found.status == DifferenceStatus.OPEN,
        )
        .values(status=DifferenceStatus.SUPERSEDED)
        .execution_options(synchronize_session=False)
    )


async def list_settled(
    db: AsyncSession, counterparty: str, day: date
) -> dict[UUID, ReconciliationDifference]:
    """What was resolved or claimed in any run of the day, the latest word on each."""
    found = ReconciliationDifference
    query = (
        select(found)
        .where(
            found.counterparty == counterparty,
            found.day == day,
            found.status.in_((DifferenceStatus.RESOLVED, DifferenceStatus.CLAIMED)),
        )
        .order_by(found.resolved_at)
    )
    rows = (await db.scalars(query.execution_options(populate_existing=True))).all()
    return {row.difference_id: row for row in rows}


async def end_claims(db: AsyncSession, counterparty: str, day: date, run_id: UUID) -> None:
    """Claims of earlier runs stand in the new one, or are met."""
    found = ReconciliationDifference
    await db.execute(
        update(found)
        .where(
            found.counterparty == counterparty,
            found.day == day,
            found.run_id != run_id,
            found.status == DifferenceStatus.CLAIMED,
        )
        .values(status=DifferenceStatus.SUPERSEDED)
        .execution_options(synchronize_session=False)
    )


async def add_differences(db: AsyncSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """What a run found."""
    for start in range(0, len(rows), _INSERT_AT_A_TIME):
        await db.execute(insert(ReconciliationDifference), list(rows[start : start + _INSERT_AT_A_TIME]))


async def lock_difference(
    db: AsyncSession, run_id: UUID, difference_id: UUID
) -> ReconciliationDifference | None:
    """One difference, held to the end of the transaction."""
    query = (
        select(ReconciliationDifference)
        .where(
            ReconciliationDifference.run_id == run_id,
            ReconciliationDifference.difference_id == difference_id,
        )
        .with_for_update()
    )
    found: ReconciliationDifference | None = await db.scalar(query.execution_options(populate_existing=True))
    return found


async def get_difference(
    db: AsyncSession, run_id: UUID, difference_id: UUID
) -> ReconciliationDifference | None:
    """One difference, as it is in the database now."""
    return await db.get(ReconciliationDifference, (run_id, difference_id), populate_existing=True)


async def list_differences(db: AsyncSession, run_id: UUID) -> Sequence[ReconciliationDifference]:
    """All differences of a run."""
    query = select(ReconciliationDifference).where(ReconciliationDifference.run_id == run_id)
    order = (ReconciliationDifference.kind, ReconciliationDifference.reference)
    return (await db.scalars(query.order_by(*order))).all()


async def count_unsettled(db: AsyncSession, run_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many differences of each run are open or claimed."""
    found = ReconciliationDifference
    query = (
        select(found.run_id, func.count())
        .where(found.run_id.in_(list(run_ids)), found.status.in_(UNSETTLED))
        .group_by(found.run_id)
    )
    return {row[0]: row[1] for row in await db.execute(query)}


def select_runs(wanted: RunQuery) -> Select[ReconciliationRun]:
    """The runs that match."""
    query = select(ReconciliationRun)
    if wanted.counterparty is not None:
        query = query.where(ReconciliationRun.counterparty == wanted.counterparty)
    if wanted.status is not None:
        query = query.where(ReconciliationRun.status == wanted.status)
    if wanted.first_day is not None:
        query = query.where(ReconciliationRun.day >= wanted.first_day)
    if wanted.last_day is not None:
        query = query.where(ReconciliationRun.day <= wanted.last_day)
    if not wanted.include_superseded:
        query = query.where(ReconciliationRun.superseded_at.is_(None))
    return query


def select_differences(run_id: UUID, wanted: DifferenceQuery) -> Select[ReconciliationDifference]:
    """The differences of a run that match."""
    query = select(ReconciliationDifference).where(ReconciliationDifference.run_id == run_id)
    if wanted.status is not None:
        query = query.where(ReconciliationDifference.status == wanted.status)
    if wanted.kind is not None:
        query = query.where(ReconciliationDifference.kind == wanted.kind)
    return query
