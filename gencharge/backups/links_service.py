"""Links to the files of backups: for one download, for ten minutes, and only while the admin who made one may still have it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.admins import service as admins
from gencharge.admins.errors import AdminBlocked, AdminNotFound
from gencharge.backups import runs_crud, service
from gencharge.backups.errors import BackupLinkNotFound
from gencharge.backups.events import BackupDownloaded, BackupLinkMade
from gencharge.backups.service import Backup
from gencharge.backups.staff_schemas import BackupLinkOut
from gencharge.core.events.events import emit
from gencharge.core.http import signed_links
from gencharge.core.http.web import PREFIX
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.sessions.guards import Action, Resource, permission

LIVES: Final = timedelta(minutes=10)
PERMISSION: Final = permission(Resource.BACKUPS, Action.EDIT)
_PURPOSE: Final = "backup-link"
_SYSTEM: Final = str(SYSTEM_USER_ID)


async def make(stores: Stores, admin_id: UUID, backup_id: str) -> BackupLinkOut:
    """A link to the file of a backup. Raises BackupNotFound, StorageUnavailable."""
    await service.get_backup(stores.settings, backup_id)
    link_id, expires_at = new_id(), clock.now() + LIVES

    async def unit(db: AsyncSession) -> None:
        await runs_crud.add_link(
            db, link_id=link_id, backup_id=backup_id, requested_by=admin_id, expires_at=expires_at
        )
        await emit(db, BackupLinkMade(user_id=_SYSTEM, backup_id=backup_id))

    await stores.database.run(unit)
    query = signed_links.query_of(stores.settings, _PURPOSE, link_id, expires_at)
    return BackupLinkOut(
        url=f"{PREFIX}/backups/{backup_id}/content?link_id={link_id}&{query}", expires_at=expires_at
    )


async def take(stores: Stores, backup_id: str, link_id: UUID, *, until: int, signature: str) -> Backup:
    """Use a link up; the backup that it leads to.

    Raises BackupLinkNotFound: for a link that is not ours, has expired, was used, or whose admin may no longer have the backup or
    whose backup is gone. Raises StorageUnavailable, and then the link is not used up."""
    now = clock.now()
    if not signed_links.is_valid(
        stores.settings, _PURPOSE, link_id, until=until, signature=signature, now=now
    ):
        raise BackupLinkNotFound
    keys = await service.list_keys(stores.settings)
    if backup_id not in keys:
        raise BackupLinkNotFound
    [backup] = await service.describe(stores.settings, {backup_id: keys[backup_id]})

    async def unit(db: AsyncSession) -> None:
        link = await runs_crud.take_link(db, link_id, backup_id=backup_id, now=now)
        if link is None:
            raise BackupLinkNotFound
        await _check_admin(db, link.requested_by)
        event = BackupDownloaded(user_id=_SYSTEM, backup_id=backup_id, link_made_by=str(link.requested_by))
        await emit(db, event)

    await stores.database.run(unit)
    return backup


async def _check_admin(db: AsyncSession, admin_id: UUID) -> None:
    try:
        _, role = await admins.admit(db, admin_id)
    except (AdminNotFound, AdminBlocked):
        raise BackupLinkNotFound from None
    if PERMISSION not in await runs_crud.list_permissions(db, role.role_id):
        raise BackupLinkNotFound
