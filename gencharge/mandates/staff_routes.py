"""`/mandates/admin`: all customers' mandates (staff)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from gencharge.core.errors import DatabaseUnavailable, ValidationFailed
from gencharge.core.http import web
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.postgres.database import Db
from gencharge.mandates import staff_service
from gencharge.mandates.staff_schemas import StaffMandatePage, StaffMandateQuery
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Principal, Requires, Resource

router = web.router("mandates")
# A mandate is of no operator, so an admin who is limited to some does not see them.
Reader = Annotated[Principal, Depends(Requires(Resource.PAYMENTS, Action.READ))]


@router.get(
    "/admin", responses=web.errors(CursorInvalid, ValidationFailed, DatabaseUnavailable, *ADMIN_ERRORS)
)
async def staff_list_mandates(
    _admin: Reader, db: Db, query: Annotated[StaffMandateQuery, Query()]
) -> StaffMandatePage:
    """All customers' mandates, newest first. A page may hold fewer than `limit` and still have a next one."""
    return await staff_service.list_mandates(db, query)
