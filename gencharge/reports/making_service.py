"""What a worker does for a report: claims it, makes the file on its own disk, puts it into the storage whole, and says so.

A worker that dies leaves a lease that runs out. Another one begins again, three times at most. There is a file under the key only when
it is whole, and a link to it only from `ready` on.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import IO, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core import faultpoints, telemetry
from gencharge.core.background import long_jobs
from gencharge.core.errors import Problem, Unavailable
from gencharge.core.events.events import emit
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import TYPES
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID
from gencharge.core.values.language import Language
from gencharge.reports import files_crud, files_service, service
from gencharge.reports.definitions import Ask
from gencharge.reports.events import ScheduledReportReady
from gencharge.reports.models import FileStatus, ReportFile
from gencharge.reports.service import Order
from gencharge.sessions.errors import PermissionDenied
from gencharge.sessions.guards import Action, Resource, permission

LEASE: Final = timedelta(seconds=60)
ATTEMPTS: Final = 3
PULSE_SECONDS: Final = 2.0
log = telemetry.get_logger(__name__)


class _Progress:
    rows = 0
    total: int | None = None


async def make(stores: Stores, file_id: UUID) -> None:
    """Make a report that waits, or that another worker left. Nothing happens if there is none."""
    claimed: ReportFile | None = await stores.database.run(
        lambda db: long_jobs.claim(
            db, ReportFile, file_id, now=clock.now(), lease=LEASE, attempts=ATTEMPTS, rows=0
        )
    )
    if claimed is None:
        return
    progress = _Progress()

    async def renew() -> bool:
        values = {"rows": progress.rows, "total_rows": progress.total}
        return await stores.database.run(
            lambda db: long_jobs.renew(db, claimed, now=clock.now(), lease=LEASE, **values)
        )

    try:
        await long_jobs.with_pulse(_make(stores, claimed, progress), renew, seconds=PULSE_SECONDS)
    except Unavailable:
        # A store is away: another attempt when the lease has run out.
        raise
    except Problem as problem:
        code = problem.code()
        await stores.database.run(
            lambda db: long_jobs.end(db, claimed, FileStatus.FAILED, now=clock.now(), failure=code)
        )


async def _make(stores: Stores, claimed: ReportFile, progress: _Progress) -> None:
    order = await stores.database.run(lambda db: _order_of(db, stores, claimed))
    progress.total = await service.count(stores, order)

    def on_rows(rows: int) -> None:
        progress.rows = rows

    # It has no name, so it is gone with the process that writes it.
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `pieces` closes it
    with file:
        rows = await service.make(stores, order, file, on_rows=on_rows)
        await faultpoints.point("report.written")
        size_bytes = file.seek(0, 2)
        file.seek(0)
        storage = open_storage(stores.settings)
        key = files_service.key_of(claimed)
        await storage.put(key, service.pieces(file), TYPES[claimed.file_format])
    await faultpoints.point("report.stored")

    made_with = files_service.rights_of(order.ask.principal, whole_contacts=not order.masks_contacts)

    async def ready(db: AsyncSession) -> bool:
        ended = await long_jobs.end(
            db,
            claimed,
            FileStatus.READY,
            now=clock.now(),
            rows=rows,
            size_bytes=size_bytes,
            query={**claimed.query, "made_with": made_with},
        )
        if ended:
            await service.announce(db, order, rows)
        if ended and claimed.schedule_id is not None:
            await emit(db, _ready(claimed, rows))
        return ended

    if not await stores.database.run(ready):
        await storage.delete(key)


def _ready(claimed: ReportFile, rows: int) -> ScheduledReportReady:
    return ScheduledReportReady(
        user_id=str(SYSTEM_USER_ID),
        report_file_id=str(claimed.file_id),
        admin_id=str(claimed.requested_by),
        report=claimed.report,
        rows=rows,
    )


async def _order_of(db: AsyncSession, stores: Stores, claimed: ReportFile) -> Order:
    """The order as its admin may give it now: who lost the permission, or became limited to an operator, gets no more than that.

    Raises AdminNotFound, AdminBlocked, PermissionDenied, ValidationFailed.
    """
    admin, role = await admins.admit(db, claimed.requested_by)
    granted = await files_crud.list_permissions(db, role.role_id)
    principal = files_service.principal_of(admin, role)
    allowed = {report.name: report for report in service.allowed(granted, principal)}
    report = allowed.get(claimed.report)
    # Who gets a scheduled report needs no right to have one made: somebody who has it asked.
    needed = Action.WRITE if claimed.schedule_id is None else Action.READ
    if report is None or permission(Resource.REPORTS, needed) not in granted:
        raise PermissionDenied
    query = files_service.parse(report, {**claimed.query, "format": claimed.file_format})
    masks = permission(Resource.PERSONAL_DATA, Action.READ) not in granted
    return Order(
        report=report,
        ask=Ask(principal=principal, query=query, settings=stores.settings),
        masks_contacts=masks,
        # A scheduled file was asked for by nobody who spoke then: it is for its reader.
        language=Language(claimed.query.get("language") or admin.language),
    )
