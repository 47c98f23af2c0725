"""`/backups/figures`: what there is of backups, and how the work goes (staff). Trends of it: `/analytics/backups`."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from gencharge.backups import figures_service
from gencharge.backups.figures_schemas import BackupFigures
from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.http import web
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

router = web.router("backups")
Reader = Annotated[Principal, Depends(Requires(Resource.BACKUPS, Action.READ))]
_ERRORS: Final = (*ADMIN_ERRORS, DatabaseUnavailable, StorageUnavailable)


@router.get(
    "/figures",
    summary="Figures of backups (staff)",
    response_model=BackupFigures,
    responses=web.errors(*_ERRORS),
)
async def get_backup_figures(_admin: Reader, request: Request) -> BackupFigures:
    """How many there are and how large, how old the last good one is, how long they take and how often the work succeeds."""
    return await figures_service.read(request.scope["app"].state.stores)
