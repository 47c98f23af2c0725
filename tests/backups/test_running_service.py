"""What a worker does for a backup: killed, cancelled, with the storage away, with a copy that is not good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from gencharge.backups import jobs, names, restore_service, running_service, service, staff_service
from gencharge.backups.models import BackupRun, RunKind
from gencharge.backups.staff_schemas import BackupCreate
from gencharge.backups.streams import Stopped
from gencharge.core import faultpoints
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.core.stores.s3_storage import S3Storage
from gencharge.core.stores.storage import StorageUnavailable
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from tests.make.backups import databases_of, do_waiting, fails, holds, make_backup, run_of
from tests.make.storage import BUCKET, S3Server


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What to do at a point of the work, by its name."""
    acts: dict[str, Any] = {}

    async def pass_on(name: str) -> None:
        if name in acts:
            await acts[name]()

    monkeypatch.setattr(faultpoints, "on_passing", pass_on)
    return acts


@pytest.fixture(autouse=True)
async def nothing_waits(stores: Stores) -> None:
    ended = text("UPDATE backup_runs SET status = 'cancelled' WHERE status IN ('waiting', 'running')")
    await stores.database.run(lambda db: db.execute(ended))


async def ask(stores: Stores, kind: RunKind, backup_id: str, **options: Any) -> UUID:
    run = await stores.database.run(
        lambda db: staff_service.add(db, kind, backup_id, options, requested_by=new_id())
    )
    return run.run_id


async def listed(stores: Stores) -> set[str]:
    return set(await service.list_keys(stores.settings))


async def die() -> None:
    raise Killed


async def test_a_worker_that_dies_after_the_archive_was_stored_is_followed_by_one_that_says_so(
    stores: Stores, passing: dict[str, Any]
) -> None:
    asked = await staff_service.create(stores, new_id(), BackupCreate())
    assert asked.run is not None
    run_id = asked.run.backup_run_id
    passing["backup.stored"] = die
    with pytest.raises(Killed):
        await running_service.run(stores, run_id, [holds])
    assert (await run_of(stores, run_id)).status == "running"
    passing.clear()
    # While the lease runs, nobody else takes it.
    await running_service.run(stores, run_id, [holds])
    assert (await run_of(stores, run_id)).attempts == 1
    [file] = [one for key, one in (await service.list_keys(stores.settings)).items() if key == asked.backup]
    with clock.later(seconds=61):
        await running_service.run(stores, run_id, [holds])
    again = (await service.list_keys(stores.settings))[asked.backup]
    assert (await run_of(stores, run_id)).status == "succeeded"
    assert again == file, "it was not made a second time"


async def test_what_a_killed_verification_left_is_deleted_by_the_next_attempt(
    stores: Stores, passing: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_id = await make_backup(stores.settings)
    before = databases_of(stores.settings)
    run_id = await ask(stores, RunKind.VERIFY, backup_id)

    async def killed(_settings: object) -> tuple[bool, list[str]]:
        # Nothing is cleaned up: the machine is off.
        monkeypatch.setattr(restore_service, "drop", nothing)
        raise Killed

    async def nothing(*_: object) -> None:
        return None

    with pytest.raises(Killed):
        await running_service.run(stores, run_id, [killed])
    monkeypatch.undo()
    assert len(databases_of(stores.settings)) == len(before) + 1
    with clock.later(seconds=61):
        await running_service.run(stores, run_id, [holds])
    assert (await run_of(stores, run_id)).status == "succeeded"
    assert databases_of(stores.settings) == before


async def test_what_kills_every_worker_is_given_up_and_cleaned_up(stores: Stores) -> None:
    backup_id = await make_backup(stores.settings)
    before = databases_of(stores.settings)
    target = service.scratch_target(stores.settings, backup_id, "restored")
    run_id = await ask(
        stores,
        RunKind.RESTORE,
        backup_id,
        database=target.database,
        mongo_database=target.mongo_database,
    )

    async def killed(_settings: object) -> tuple[bool, list[str]]:
        raise Killed

    for attempt in range(running_service.ATTEMPTS):
        with clock.later(seconds=61 * attempt), pytest.raises(Killed):
            await running_service.run(stores, run_id, [killed])
    assert target.database in databases_of(stores.settings)
    with clock.later(seconds=61 * running_service.ATTEMPTS):
        await jobs.sweep(stores)
    gone = await run_of(stores, run_id)
    assert (gone.status, gone.failure) == ("failed", "worker_stopped")
    assert databases_of(stores.settings) == before


async def test_a_storage_that_goes_away_midway_is_tried_again_and_nothing_half_is_listed(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await staff_service.create(stores, new_id(), BackupCreate())
    assert asked.run is not None
    put = FolderStorage.put

    async def put_half(self: FolderStorage, key: str, content: Any, content_type: str) -> None:
        if names.id_of_archive(key) is None:
            await put(self, key, content, content_type)
            return
        assert isinstance(content, AsyncIterable)
        async for _ in content:
            raise StorageUnavailable

    monkeypatch.setattr(FolderStorage, "put", put_half)
    await running_service.run(stores, asked.run.backup_run_id, [holds])
    waiting = await run_of(stores, asked.run.backup_run_id)
    assert (waiting.status, waiting.failure, waiting.attempts) == ("waiting", "storage_unavailable", 1)
    await running_service.run(stores, asked.run.backup_run_id, [holds])
    await running_service.run(stores, asked.run.backup_run_id, [holds])
    failed = await run_of(stores, asked.run.backup_run_id)
    assert (failed.status, failed.failure, failed.attempts) == ("failed", "storage_unavailable", 3)
    assert asked.backup not in await listed(stores)
    folder = stores.settings.backup_dir / "backups"  # type: ignore[operator]
    assert not [path for path in folder.iterdir() if asked.backup in path.name]
    monkeypatch.undo()
    second = await staff_service.create(stores, new_id(), BackupCreate())
    await do_waiting(stores)
    assert second.backup in await listed(stores)


async def test_what_is_cancelled_while_it_runs_stops_and_leaves_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_service, "PULSE_SECONDS", 0.02)
    asked = await staff_service.create(stores, new_id(), BackupCreate())
    assert asked.run is not None
    run_id = asked.run.backup_run_id
    read_file = FolderStorage.put

    async def put_late(self: FolderStorage, key: str, content: Any, content_type: str) -> None:
        await stores.database.run(lambda db: staff_service.cancel(db, run_id))
        await read_file(self, key, _slow(content) if names.id_of_archive(key) else content, content_type)

    monkeypatch.setattr(FolderStorage, "put", put_late)
    await running_service.run(stores, run_id, [holds])
    assert (await run_of(stores, run_id)).status == "cancelled"
    assert asked.backup not in await listed(stores)


async def _slow(content: AsyncIterable[bytes]) -> AsyncIterable[bytes]:
    await asyncio.sleep(0.3)
    async for piece in content:
        yield piece


async def test_a_copy_that_is_not_good_is_a_failure_that_says_why(stores: Stores) -> None:
    backup_id = await make_backup(stores.settings)
    run_id = await ask(stores, RunKind.VERIFY, backup_id)
    await running_service.run(stores, run_id, [fails])
    run: BackupRun = await run_of(stores, run_id)
    assert (run.status, run.failure) == ("failed", running_service.NOT_GOOD)
    assert run.result["problems"] == ["FAIL  a wallet is overdrawn"]
    backup = await service.get_backup(stores.settings, backup_id)
    assert backup.verified_ok is False


async def test_a_backup_that_is_gone_can_not_be_verified(stores: Stores) -> None:
    run_id = await ask(stores, RunKind.VERIFY, "20261122t000000z-00000000")
    await running_service.run(stores, run_id, [holds])
    run = await run_of(stores, run_id)
    assert (run.status, run.failure) == ("failed", "backup_not_found")


def test_progress_counts_a_second_pass_on_top_of_the_first() -> None:
    progress = running_service.Progress()
    for stage, done in (("checking", 10), ("checking", 20), ("PostgreSQL", 5), ("PostgreSQL", 20)):
        progress(stage, done)
    assert (progress.stage, progress.done) == ("PostgreSQL", 40)
    progress.stop()
    with pytest.raises(Stopped):
        progress("PostgreSQL", 41)


def with_bucket(stores: Stores, server: S3Server) -> Stores:
    """The same stores, with the backups in the server's bucket."""
    of_bucket = server.settings()
    keys = ("storage_endpoint_url", "storage_region", "storage_access_key_id", "storage_secret_access_key")
    update: dict[str, object] = {key: getattr(of_bucket, key) for key in keys}
    return replace(stores, settings=stores.settings.model_copy(update=update | {"backup_bucket": BUCKET}))


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
        assert asked.backup not in await service.list_keys(own.settings)
        await do_waiting(own)
        assert asked.backup in await service.list_keys(own.settings)
