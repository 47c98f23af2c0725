"""`/reconciliation/bulk-resolutions`: resolutions of many differences (staff)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from gencharge.core.errors import DatabaseUnavailable, MalformedJson, ValidationFailed
from gencharge.core.http import web
from gencharge.core.postgres.database import get_database
from gencharge.reconciliation import bulk_staff_service
from gencharge.reconciliation.bulk_schemas import BulkResolutionsOut, ResolveDifferences
from gencharge.sessions.guards import STEP_UP_ERRORS, Action, Principal, Requires, Resource

router = web.router("reconciliation")
Resolver = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.EDIT, step_up=True))]


@router.post(
    "/bulk-resolutions",
    summary="Resolve many differences (staff)",
    responses=web.errors(MalformedJson, ValidationFailed, DatabaseUnavailable, *STEP_UP_ERRORS),
)
async def resolve_in_bulk(
    admin: Resolver, request: Request, command: ResolveDifferences
) -> BulkResolutionsOut:
    """Resolve up to 50 differences, in one way or each as proposed, or with `is_dry_run` say what that would do.

    Each is resolved by itself: one that is refused stops no other, and a repeat moves no money again. Needs step-up.
    """
    return await bulk_staff_service.resolve(get_database(request), admin, command)
