"""`/reconciliation`: the counterparties' statements against our books (staff)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.status import HTTP_202_ACCEPTED

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db, ResourceLocked
from gencharge.reconciliation import resolutions_service as resolutions
from gencharge.reconciliation import service
from gencharge.reconciliation.errors import (
    CounterpartyInvalid,
    DayInvalid,
    DifferenceAlreadyResolved,
    DifferenceNotFound,
    DifferenceSuperseded,
    ReconciliationRunNotFound,
    ResolutionNotAllowed,
)
from gencharge.reconciliation.schemas import (
    DifferenceOut,
    DifferencePage,
    DifferenceQuery,
    ResolveDifference,
    RunOut,
    RunPage,
    RunQuery,
    RunStart,
)
from gencharge.sessions.guards import (
    ADMIN_ERRORS,
    STEP_UP_ERRORS,
    Action,
    Principal,
    Requires,
    Resource,
)

router = web.router("reconciliation")
Reader = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.READ))]
Starter = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT))]
Resolver = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT, step_up=True))]
_ALWAYS = (ValidationFailed, DatabaseUnavailable)


@router.get("/runs", summary="Runs (staff)", responses=web.errors(CursorInvalid, *_ALWAYS, *ADMIN_ERRORS))
async def list_runs(admin: Reader, db: Db, query: Annotated[RunQuery, Query()]) -> RunPage:
    """Statements that were matched with our books, newest first: of each day the run that counts."""
    del admin
    return await service.list_runs(db, query)


@router.post(
    "/runs",
    summary="Match a statement now (staff)",
    status_code=HTTP_202_ACCEPTED,
    response_model=RunOut,
    responses=web.errors(MalformedJson, CounterpartyInvalid, DayInvalid, *_ALWAYS, *ADMIN_ERRORS),
)
async def start_run(admin: Starter, db: Db, body: RunStart) -> RunOut:
    """The statement is fetched and matched in the background; look at the run to see how it went."""
    return await service.start(db, admin, body)


@router.get(
    "/runs/{run_id}",
    summary="A run (staff)",
    responses=web.errors(ReconciliationRunNotFound, *_ALWAYS, *ADMIN_ERRORS),
)
async def show_run(admin: Reader, db: Db, run_id: UUID) -> RunOut:
    """Counts and sums of both sides, and how it ended."""
    del admin
    return await service.get_run(db, run_id)


@router.get(
    "/runs/{run_id}/differences",
    summary="Differences of a run (staff)",
    responses=web.errors(ReconciliationRunNotFound, CursorInvalid, *_ALWAYS, *ADMIN_ERRORS),
)
async def list_differences(
    admin: Reader, db: Db, run_id: UUID, query: Annotated[DifferenceQuery, Query()]
) -> DifferencePage:
    """The references on which the statement and our books do not agree, each with a proposal."""
    del admin
    return await service.list_differences(db, run_id, query)


@router.post(
    "/runs/{run_id}/differences/{difference_id}/resolve",
    summary="ResolveDifference a difference (staff)",
    responses=web.errors(
        DifferenceNotFound,
        DifferenceAlreadyResolved,
        DifferenceSuperseded,
        ResolutionNotAllowed,
        ResourceLocked,
        MalformedJson,
        *_ALWAYS,
        *STEP_UP_ERRORS,
    ),
)
async def resolve_difference(
    admin: Resolver, db: Db, run_id: UUID, difference_id: UUID, body: ResolveDifference
) -> DifferenceOut:
    """Do what the resolution says, where money moves: once. The same again gets the same answer."""
    return await resolutions.resolve(db, admin, run_id, difference_id, body)
