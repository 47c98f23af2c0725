"""Resolutions of many differences, each in a transaction of its own: one that is refused stops no other.

A dry run does all of it and rolls it back, so that it can't say anything else than what would be done. A repeat resolves what the
first request left, because a difference is resolved once.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import Problem, ValidationFailed, field_problem
from gencharge.core.postgres.database import Database
from gencharge.core.values.money import Money
from gencharge.reconciliation import crud
from gencharge.reconciliation import resolutions_service as resolutions
from gencharge.reconciliation.bulk_schemas import (
    BulkResolutionOut,
    BulkResolutionOutcome,
    BulkResolutionsOut,
    DifferenceKey,
    ResolveDifferences,
)
from gencharge.reconciliation.errors import DifferenceNotFound
from gencharge.reconciliation.models import DifferenceResolution
from gencharge.reconciliation.resolutions_service import Applied
from gencharge.reconciliation.staff_schemas import ResolveDifference
from gencharge.sessions.guards import Principal


async def resolve(database: Database, admin: Principal, command: ResolveDifferences) -> BulkResolutionsOut:
    """Resolve each difference, or say what that would do. Raises ValidationFailed if one is named twice."""
    _check_each_once(command.differences)
    rows = [await _resolve_one(database, admin, one, command) for one in command.differences]
    total = sum(row.moved.paise for row in rows if row.moved is not None)
    return BulkResolutionsOut(is_dry_run=command.is_dry_run, total_moved=Money(total), differences=rows)


def _check_each_once(differences: Sequence[DifferenceKey]) -> None:
    seen: set[tuple[UUID, UUID]] = set()
    for number, one in enumerate(differences):
        key = (one.run_id, one.difference_id)
        if key in seen:
            problem = field_problem(
                f"body.differences.{number}", "Each difference once", "difference_repeated"
            )
            raise ValidationFailed(errors=[problem])
        seen.add(key)


async def _resolve_one(
    database: Database, admin: Principal, one: DifferenceKey, command: ResolveDifferences
) -> BulkResolutionOut:
    resolution = command.resolution

    async def act(db: AsyncSession) -> Applied:
        nonlocal resolution
        if command.resolution is None:
            difference = await crud.get_difference(db, one.run_id, one.difference_id)
            if difference is None:
                raise DifferenceNotFound
            resolution = DifferenceResolution(difference.proposed_resolution)
        assert resolution is not None
        single = ResolveDifference(resolution=resolution, note=command.note)
        applied = await resolutions.apply(db, admin, one.run_id, one.difference_id, single)
        if command.is_dry_run:
            await db.rollback()
        return applied

    try:
        return _row(one, await database.run(act), command)
    except Problem as problem:
        if problem.status >= 500:
            # The database is away: that is no answer about this difference.
            raise
        return BulkResolutionOut(
            run_id=one.run_id,
            difference_id=one.difference_id,
            outcome=BulkResolutionOutcome.REFUSED,
            resolution=None if isinstance(problem, DifferenceNotFound) else resolution,
            status=None,
            moved=None,
            refusal_code=problem.code(),
            refusal=problem.detail,
        )


def _row(one: DifferenceKey, applied: Applied, command: ResolveDifferences) -> BulkResolutionOut:
    if applied.is_replay:
        outcome = BulkResolutionOutcome.ALREADY_DONE
    else:
        outcome = BulkResolutionOutcome.WOULD_BE_DONE if command.is_dry_run else BulkResolutionOutcome.DONE
    return BulkResolutionOut(
        run_id=one.run_id,
        difference_id=one.difference_id,
        outcome=outcome,
        resolution=applied.difference.resolution,
        status=applied.difference.status,
        moved=Money(applied.moved_paise),
        refusal_code=None,
        refusal=None,
    )
