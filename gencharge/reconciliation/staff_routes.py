"""`/reconciliation`: the counterparties' statements, matched with our books (staff)."""

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
from gencharge.reconciliation import staff_service
from gencharge.reconciliation.errors import (
    CounterpartyInvalid,
    DayInvalid,
    DifferenceAlreadyResolved,
    DifferenceNotFound,
    DifferenceSuperseded,
    ReconciliationRunNotFound,
    ResolutionNotAllowed,
)
from gencharge.reconciliation.staff_schemas import (
    DifferenceOut,
    DifferencePage,
    DifferenceQuery,
    ReconciliationRunOut,
    ReconciliationRunPage,
    ResolveDifference,
    RunQuery,
    StartReconciliation,
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
async def list_runs(admin: Reader, db: Db, query: Annotated[RunQuery, Query()]) -> ReconciliationRunPage:
    """The runs, newest first. Runs that a later one of the same day replaced are left out by default."""
    del admin
    return await staff_service.list_runs(db, query)


@router.post(
    "/runs",
    summary="Start a run (staff)",
    status_code=HTTP_202_ACCEPTED,
    response_model=ReconciliationRunOut,
    responses=web.errors(MalformedJson, CounterpartyInvalid, DayInvalid, *_ALWAYS, *ADMIN_ERRORS),
)
async def start_run(admin: Starter, db: Db, command: StartReconciliation) -> ReconciliationRunOut:
    """Fetch a statement and match it in the background. Get the run to see the result."""
    return await staff_service.start(db, admin, command)


@router.get(
    "/runs/{run_id}",
    summary="A run (staff)",
    responses=web.errors(ReconciliationRunNotFound, *_ALWAYS, *ADMIN_ERRORS),
)
async def get_run(admin: Reader, db: Db, run_id: UUID) -> ReconciliationRunOut:
    """A run with its counts and sums."""
    del admin
    return await staff_service.get_run(db, run_id)


@router.get(
    "/runs/{run_id}/differences",
    summary="Differences of a run (staff)",
    responses=web.errors(ReconciliationRunNotFound, CursorInvalid, *_ALWAYS, *ADMIN_ERRORS),
)
async def list_differences(
    admin: Reader, db: Db, run_id: UUID, query: Annotated[DifferenceQuery, Query()]
) -> DifferencePage:
    """The references on which the statement and our books disagree, each with a proposed resolution."""
    del admin
    return await staff_service.list_differences(db, run_id, query)


@router.post(
    "/runs/{run_id}/differences/{difference_id}/resolve",
    summary="Resolve a difference (staff)",
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
    admin: Resolver, db: Db, run_id: UUID, difference_id: UUID, command: ResolveDifference
) -> DifferenceOut:
    """Resolve a difference. Money moves once: the same resolution again returns the same answer."""
    return await resolutions.resolve(db, admin, run_id, difference_id, command)
