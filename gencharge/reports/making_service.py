"""What a worker does for a report: claims it, makes the file on its own disk, puts it into the storage whole, and says so.

A worker that dies leaves a lease that runs out. Another one begins again, three times at most. There is a file under the key only when
it is whole, and a link to it only from `ready` on.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from datetime import timedelta
from typing import IO, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import Problem, Unavailable
from gencharge.core.stores.open_storage import open_storage
from gencharge.core.stores.storage import TYPES
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.reports import files_crud, files_service, service
from gencharge.reports.definitions import Ask
from gencharge.reports.models import FileStatus, ReportFile
from gencharge.reports.service import Order
from gencharge.sessions.errors import PermissionDenied
from gencharge.sessions.guards import Action, Principal, Resource, permission

LEASE: Final = timedelta(seconds=60)
ATTEMPTS: Final = 3
PULSE_SECONDS: Final = 2.0
log = telemetry.get_logger(__name__)


class _Progress:
    rows = 0
    total: int | None = None


async def make(stores: Stores, file_id: UUID) -> None:
    """Make a report that waits, or that another worker left. Nothing happens if there is none."""
    claimed = await stores.database.run(
        lambda db: files_crud.claim(db, file_id, now=clock.now(), lease=LEASE, attempts=ATTEMPTS)
    )
    if claimed is None:
        return
    progress = _Progress()
    making = asyncio.create_task(_make(stores, claimed, progress))
    pulse = asyncio.create_task(_pulse(stores, claimed, progress, making))
    try:
        await making
    except asyncio.CancelledError:
        # Cancelled by its admin, which the pulse saw; or the worker stops, and the lease runs out.
        if not pulse.done():
            raise
    except Unavailable:
        # A store is away: another attempt when the lease has run out.
        raise
    except Problem as problem:
        code = problem.code()
        await stores.database.run(
            lambda db: files_crud.end(db, claimed, FileStatus.FAILED, now=clock.now(), failure=code)
        )
    finally:
        making.cancel()
        pulse.cancel()
        with suppress(asyncio.CancelledError):
            await pulse


async def _pulse(
    stores: Stores, claimed: ReportFile, progress: _Progress, making: asyncio.Task[None]
) -> None:
    """Keep the lease and say how far it is; end the work once nobody wants it."""
    while True:
        await asyncio.sleep(PULSE_SECONDS)
        rows, total = progress.rows, progress.total
        try:
            is_ours = await stores.database.run(
                lambda db, rows=rows, total=total: files_crud.renew(  # type: ignore[misc]
                    db, claimed, now=clock.now(), lease=LEASE, rows=rows, total_rows=total
                )
            )
        except Unavailable:
            continue
        if not is_ours:
            making.cancel()
            return


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

    async def ready(db: AsyncSession) -> bool:
        ended = await files_crud.end(
            db,
            claimed,
            FileStatus.READY,
            now=clock.now(),
            rows=rows,
            size_bytes=size_bytes,
            made_with=files_service.rights_of(order.ask.principal, whole_contacts=not order.masks_contacts),
        )
        if ended:
            await service.announce(db, order, rows)
        return ended

    if not await stores.database.run(ready):
        await storage.delete(key)


async def _order_of(db: AsyncSession, stores: Stores, claimed: ReportFile) -> Order:
    """The order as its admin may give it now: who lost the permission, or became limited to an operator, gets no more than that.

    Raises AdminNotFound, AdminBlocked, PermissionDenied, ValidationFailed.
    """
    admin, role = await admins.admit(db, claimed.requested_by)
    granted = await files_crud.list_permissions(db, role.role_id)
    principal = Principal(
        user_id=admin.admin_id,
        kind="admin",
        session_id=admin.admin_id,
        role=role.name,
        operator_scope=tuple(admin.operator_scope),
    )
    allowed = {report.name: report for report in service.allowed(granted, principal)}
    report = allowed.get(claimed.report)
    if report is None or permission(Resource.REPORTS, Action.WRITE) not in granted:
        raise PermissionDenied
    query = files_service.parse(report, {**claimed.query, "format": claimed.file_format})
    masks = permission(Resource.PERSONAL_DATA, Action.READ) not in granted
    return Order(
        report=report,
        ask=Ask(principal=principal, query=query, settings=stores.settings),
        masks_contacts=masks,
    )
