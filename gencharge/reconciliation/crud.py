"""SQL of runs and differences. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.reconciliation.models import (
    DifferenceStatus,
    ReconciliationDifference,
    ReconciliationRun,
    ReconciliationRunStatus,
    StatementSource,
)
from gencharge.reconciliation.staff_schemas import DifferenceQuery, RunQuery

UNSETTLED = (DifferenceStatus.OPEN, DifferenceStatus.CLAIMED)
_CHANNELS = text("""
    SELECT code FROM operator_channels AS c
    WHERE EXISTS (SELECT FROM operator_attempts AS a
                  WHERE a.channel = c.code AND a.started_at >= :starts AND a.started_at < :ends)
    ORDER BY code
""")
_INSERT_AT_A_TIME = 1_000


async def list_used_channels(db: AsyncSession, starts: datetime, ends: datetime) -> list[str]:
    """The channels over which a recharge was submitted from `starts` to before `ends`, in order."""
    return list((await db.scalars(_CHANNELS, {"starts": starts, "ends": ends})).all())


async def add_run(
    db: AsyncSession,
    *,
    run_id: UUID,
    counterparty: str,
    day: date,
    source: StatementSource,
    requested_by: UUID,
    started_at: datetime,
) -> None:
    """Add a run that is running."""
    await db.execute(
        insert(ReconciliationRun).values(
            run_id=run_id,
            counterparty=counterparty,
            day=day,
            status=ReconciliationRunStatus.RUNNING.value,
            source=source.value,
            requested_by=requested_by,
            started_at=started_at,
        )
    )


async def get_run(db: AsyncSession, run_id: UUID) -> ReconciliationRun | None:
    """One run, as it is in the database now."""
    return await db.get(ReconciliationRun, run_id, populate_existing=True)


async def find_finished(db: AsyncSession, counterparty: str, day: date) -> ReconciliationRun | None:
    """The run of a day that ended and is not superseded."""
    query = (
        select(ReconciliationRun)
        .where(
            ReconciliationRun.counterparty == counterparty,
            ReconciliationRun.day == day,
            ReconciliationRun.status.in_(
                (ReconciliationRunStatus.MATCHED, ReconciliationRunStatus.DIFFERENCES)
            ),
            ReconciliationRun.superseded_at.is_(None),
        )
        .limit(1)
    )
    run: ReconciliationRun | None = await db.scalar(query)
    return run


async def lock_day(db: AsyncSession, counterparty: str, day: date) -> Sequence[ReconciliationRun]:
    """All runs of a counterparty's day, locked to the end of the transaction, so that results are recorded in turn."""
    of_day = (
        select(ReconciliationRun.run_id)
        .where(ReconciliationRun.counterparty == counterparty, ReconciliationRun.day == day)
        .order_by(ReconciliationRun.run_id)
    )
    # One statement for each run: a sharded PostgreSQL refuses to lock rows of several shards at once.
    runs = [
        await db.get(ReconciliationRun, run_id, with_for_update=True, populate_existing=True)
        for run_id in await db.scalars(of_day)
    ]
    return [run for run in runs if run is not None]


async def supersede(db: AsyncSession, counterparty: str, day: date, run_id: UUID, at: datetime) -> None:
    """Mark the other runs of the day, and their open differences, as superseded by `run_id`."""
    of_day = (ReconciliationRun.counterparty == counterparty, ReconciliationRun.day == day)
    await db.execute(
        update(ReconciliationRun)
        .where(*of_day, ReconciliationRun.run_id != run_id, ReconciliationRun.superseded_at.is_(None))
        .values(superseded_at=at)
        .execution_options(synchronize_session=False)
    )
    await _supersede_differences(db, counterparty, day, run_id, DifferenceStatus.OPEN)


async def list_settled(
    db: AsyncSession, counterparty: str, day: date
) -> dict[UUID, ReconciliationDifference]:
    """The differences that were resolved or claimed in any run of the day, by id, the latest of each."""
    differences = ReconciliationDifference
    query = (
        select(differences)
        .where(
            differences.counterparty == counterparty,
            differences.day == day,
            differences.status.in_((DifferenceStatus.RESOLVED, DifferenceStatus.CLAIMED)),
        )
        .order_by(differences.resolved_at)
    )
    rows = (await db.scalars(query.execution_options(populate_existing=True))).all()
    return {row.difference_id: row for row in rows}


async def end_claims(db: AsyncSession, counterparty: str, day: date, run_id: UUID) -> None:
    """Mark the claims of the day's other runs as superseded: `run_id` repeats those that are still valid."""
    await _supersede_differences(db, counterparty, day, run_id, DifferenceStatus.CLAIMED)


async def _supersede_differences(
    db: AsyncSession, counterparty: str, day: date, run_id: UUID, status: DifferenceStatus
) -> None:
    differences = ReconciliationDifference
    await db.execute(
        update(differences)
        .where(
            differences.counterparty == counterparty,
            differences.day == day,
            differences.run_id != run_id,
            differences.status == status,
        )
        .values(status=DifferenceStatus.SUPERSEDED)
        .execution_options(synchronize_session=False)
    )


async def add_differences(db: AsyncSession, rows: Sequence[Mapping[str, object]]) -> None:
    """Add the differences of a run."""
    for start in range(0, len(rows), _INSERT_AT_A_TIME):
        await db.execute(insert(ReconciliationDifference), list(rows[start : start + _INSERT_AT_A_TIME]))


async def lock_difference(
    db: AsyncSession, run_id: UUID, difference_id: UUID
) -> ReconciliationDifference | None:
    """One difference, locked to the end of the transaction."""
    query = (
        select(ReconciliationDifference)
        .where(
            ReconciliationDifference.run_id == run_id,
            ReconciliationDifference.difference_id == difference_id,
        )
        .with_for_update()
    )
    difference: ReconciliationDifference | None = await db.scalar(
        query.execution_options(populate_existing=True)
    )
    return difference


async def get_difference(
    db: AsyncSession, run_id: UUID, difference_id: UUID
) -> ReconciliationDifference | None:
    """One difference, as it is in the database now."""
    return await db.get(ReconciliationDifference, (run_id, difference_id), populate_existing=True)


async def list_differences(db: AsyncSession, run_id: UUID) -> Sequence[ReconciliationDifference]:
    """All differences of a run, by kind and reference."""
    query = select(ReconciliationDifference).where(ReconciliationDifference.run_id == run_id)
    order = (ReconciliationDifference.kind, ReconciliationDifference.reference)
    return (await db.scalars(query.order_by(*order))).all()


async def count_unsettled(db: AsyncSession, run_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many differences of each run are open or claimed."""
    differences = ReconciliationDifference
    query = (
        select(differences.run_id, func.count())
        .where(differences.run_id.in_(list(run_ids)), differences.status.in_(UNSETTLED))
        .group_by(differences.run_id)
    )
    return {row[0]: row[1] for row in await db.execute(query)}


def select_runs(filters: RunQuery) -> Select[ReconciliationRun]:
    """The runs that match."""
    query = select(ReconciliationRun)
    if filters.counterparty is not None:
        query = query.where(ReconciliationRun.counterparty == filters.counterparty)
    if filters.status is not None:
        query = query.where(ReconciliationRun.status == filters.status)
    if filters.first_day is not None:
        query = query.where(ReconciliationRun.day >= filters.first_day)
    if filters.last_day is not None:
        query = query.where(ReconciliationRun.day <= filters.last_day)
    if not filters.include_superseded:
        query = query.where(ReconciliationRun.superseded_at.is_(None))
    return query


def select_differences(run_id: UUID, filters: DifferenceQuery) -> Select[ReconciliationDifference]:
    """The differences of a run that match."""
    query = select(ReconciliationDifference).where(ReconciliationDifference.run_id == run_id)
    if filters.status is not None:
        query = query.where(ReconciliationDifference.status == filters.status)
    if filters.kind is not None:
        query = query.where(ReconciliationDifference.kind == filters.kind)
    return query
