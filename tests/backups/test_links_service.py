"""A storage that is away does not use a link up."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from gencharge.admins import service as admins
from gencharge.backups import links_service, service
from gencharge.backups.errors import BackupLinkNotFound, BackupNotFound
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.backups import make_backup
from tests.make.factories import make_admin


async def test_a_storage_that_is_away_uses_no_link_up(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.database.run(admins.seed_roles)
    admin = await stores.database.run(lambda db: make_admin(db, "SuperAdmin"))
    backup_id = await make_backup(stores.settings)
    link = await links_service.make(stores, admin.admin_id, backup_id)
    query = parse_qs(urlsplit(link.url).query)
    parts = {"until": int(query["until"][0]), "signature": query["signature"][0]}
    link_id = UUID(query["link_id"][0])

    async def away(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(service, "list_keys", away)
    with pytest.raises(StorageUnavailable):
        await links_service.take(stores, backup_id, link_id, **parts)
    monkeypatch.undo()
    assert (await links_service.take(stores, backup_id, link_id, **parts)).backup_id == backup_id
    with pytest.raises(BackupLinkNotFound):
        await links_service.take(stores, backup_id, link_id, **parts)
    with pytest.raises(BackupNotFound):
        await links_service.make(stores, new_id(), "20261122t000000z-00000000")
