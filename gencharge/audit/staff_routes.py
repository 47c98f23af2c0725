"""The audit trail over HTTP: read only, with the permission `AuditLogs:read`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from gencharge.audit import service as audit
from gencharge.audit.errors import AuditEntryNotFound
from gencharge.audit.staff_schemas import AuditEntryOut, AuditEntryPage, AuditQuery
from gencharge.core.errors import DocumentsUnavailable, ValidationFailed
from gencharge.core.http.paging import CursorInvalid
from gencharge.core.http.web import errors
from gencharge.core.http.web import router as room
from gencharge.core.stores.mongo import Documents
from gencharge.sessions.guards import ADMIN_ERRORS, Action, Requires, Resource

router = room("audit-logs")
_MAY_READ = Depends(Requires(Resource.AUDIT_LOGS, Action.READ))
_ALWAYS = (*ADMIN_ERRORS, ValidationFailed, DocumentsUnavailable)


@router.get(
    "",
    summary="Who did what",
    response_model=AuditEntryPage,
    dependencies=[_MAY_READ],
    responses=errors(*_ALWAYS, CursorInvalid),
)
async def list_entries(documents: Documents, query: Annotated[AuditQuery, Query()]) -> AuditEntryPage:
    """Entries of the audit trail, newest first. Every filter narrows it; a value is never read as an expression.

    A page looks at five thousand entries at most: with filters that match few of many it may hold fewer than `limit`,
    and `next_cursor` continues the search.
    """
    entries, cursor = await audit.read(documents, query)
    return AuditEntryPage(items=[AuditEntryOut.of(entry) for entry in entries], next_cursor=cursor)


@router.get(
    "/{entry_id}",
    summary="One entry of the audit trail",
    response_model=AuditEntryOut,
    dependencies=[_MAY_READ],
    responses=errors(*_ALWAYS, AuditEntryNotFound),
)
async def get_entry(documents: Documents, entry_id: UUID) -> AuditEntryOut:
    """One entry, with its place in the chain once it is sealed."""
    return AuditEntryOut.of(await audit.get(documents, entry_id))
