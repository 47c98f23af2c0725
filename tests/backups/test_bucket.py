"""Backups in a bucket: made, verified and taken from there; a service that goes away midway leaves nothing that is listed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from gencharge.backups import names, running_service, service, staff_service
from gencharge.backups.staff_schemas import BackupCreate
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.stores import Stores
from gencharge.core.values.ids import new_id
from tests.make.backups import do_waiting, holds, run_of
from tests.make.storage import BUCKET, S3Server


def with_bucket(stores: Stores, server: S3Server) -> Stores:
    """The same stores, with the backups in the server's bucket."""
    of_bucket = server.settings()
    keys = ("storage_endpoint_url", "storage_region", "storage_access_key_id", "storage_secret_access_key")
    update: dict[str, object] = {key: getattr(of_bucket, key) for key in keys}
    return replace(stores, settings=stores.settings.model_copy(update=update | {"backup_bucket": BUCKET}))


@pytest.fixture(autouse=True)
async def nothing_waits(stores: Stores) -> None:
    await stores.database.run(lambda db: db.execute(text("DELETE FROM backup_runs")))


async def test_a_backup_in_a_bucket_is_made_verified_and_deleted(stores: Stores) -> None:
    with S3Server() as server:
        own = with_bucket(stores, server)
        first = await staff_service.create(own, new_id(), BackupCreate())
        await do_waiting(own)
        await staff_service.verify(own, new_id(), first.backup)
        await do_waiting(own, holds)
        shown = await staff_service.get(own, first.backup)
        assert shown.verification is not None
        assert shown.verification.ok
        second = await staff_service.create(own, new_id(), BackupCreate())
        await do_waiting(own)
        await staff_service.delete(own, second.backup)
        assert list(await service.list_keys(own.settings)) == [first.backup]


async def test_a_bucket_that_goes_away_midway_lists_nothing_half(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = S3Storage.put
    with S3Server() as server:
        own = with_bucket(stores, server)
        asked = await staff_service.create(own, new_id(), BackupCreate())
        assert asked.run is not None

        async def put_midway(self: S3Storage, key: str, content: Any, content_type: str) -> None:
            if names.id_of_archive(key) is None:
                await put(self, key, content, content_type)
                return

            async def until_it_is_away() -> AsyncIterator[bytes]:
                async for piece in content:
                    # More than a part of an upload in several parts.
                    yield piece + bytes(20_000_000)
                    server.__exit__()

            await put(self, key, until_it_is_away(), content_type)

        monkeypatch.setattr(S3Storage, "put", put_midway)
        await running_service.run(own, asked.run.backup_run_id, [holds])
        waiting = await run_of(own, asked.run.backup_run_id)
        assert (waiting.status, waiting.failure) == ("waiting", "storage_unavailable")
    monkeypatch.undo()
    with S3Server() as server:
        own = with_bucket(stores, server)
        assert await service.list_keys(own.settings) == {}
        await do_waiting(own)
        assert list(await service.list_keys(own.settings)) == [asked.backup]
