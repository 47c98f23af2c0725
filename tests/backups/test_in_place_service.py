"""A restore in place: killed at any step, either the old or the new state is live as a whole, and one command ends it.

Each test has an installation of its own (a copy of the file's database and collections), because the live databases are exchanged.
"""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg import sql

from gencharge.backups import copies_service, crud, documents_crud, in_place_service, journal_crud, service
from gencharge.backups.errors import (
    BackupDatabaseLimitExceeded,
    BackupInvalid,
    BackupNotPermitted,
    BackupRestoreAlreadyRunning,
    BackupRestoreInterrupted,
    BackupTooNew,
    RestoreFailed,
)
from gencharge.backups.in_place_service import Outcome, Request
from gencharge.core import faultpoints
from gencharge.core.settings import Settings
from tests.make.backups import fails, holds, make_backup, mark, marks, silent

STEPS_BACK = ("restore.begun", "restore.filled", "restore.closed", "restore.saved", "restore.prepared")
STEPS_ON = ("restore.exchanged", "restore.moved", "restore.opened")


class Killed(BaseException):
    """The process is gone."""


def is_open(own: Settings) -> bool:
    """Whether writes are taken, and nothing says that it is closed."""
    with crud.connected(own.migration_url, "postgres", autocommit=True) as connection:
        journal = journal_crud.get_journal(connection, own.database_name)
    with psycopg.connect(own.migration_url) as session:
        row = session.execute("SHOW transaction_read_only").fetchone()
    return not journal and row == ("off",)


async def put_in_place(own: Settings, backup_id: str, **options: Any) -> Outcome:
    location = service.location_of(own, await service.get_backup(own, backup_id))
    request = Request(backup_id=backup_id)
    return await in_place_service.run(
        own, location, request, **({"proofs": [holds], "progress": silent} | options)
    )


@pytest.fixture
def killed_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the process be gone at a point: nothing that it would still do is done."""

    def at(point: str) -> None:
        async def pass_on(name: str) -> None:
            if name == point:
                raise Killed

        async def nothing(_settings: object) -> None:
            return None

        monkeypatch.setattr(faultpoints, "on_passing", pass_on)
        monkeypatch.setattr(in_place_service, "_undo", nothing)

    return at


async def test_a_backup_takes_the_place_of_what_is_live_which_is_kept(live: Settings) -> None:
    backup_id = await make_backup(live)
    mark(live, "written since")
    with crud.connected(live.migration_url, "postgres", autocommit=True) as connection:
        journal_crud.set_comment(connection, live.database_name, "the shop's own")
    outcome = await put_in_place(live, backup_id)
    assert marks(live) == ("backed up", "backed up")
    assert is_open(live)
    with crud.connected(live.migration_url, "postgres", autocommit=True) as connection:
        assert journal_crud.get_comment(connection, live.database_name) == "the shop's own"
    assert marks(live, outcome.aside, outcome.mongo_aside) == ("written since", "written since")
    with documents_crud.opened(live) as documents:
        assert "written_since" not in documents.list_collection_names(), "nothing of the old state is left"
    with psycopg.connect(live.migration_url, dbname=outcome.aside) as session:
        assert session.execute("SHOW transaction_read_only").fetchone() == ("on",)
    safety = await service.get_backup(live, outcome.safety_backup_id)
    assert safety.verified_ok is True
    [copy] = await copies_service.list_copies(live)
    assert (copy.database, copy.mongo_database, copy.purpose) == (
        outcome.aside,
        outcome.mongo_aside,
        "before",
    )
    # And back again, from the safety backup: nothing was lost by it.
    await put_in_place(live, outcome.safety_backup_id)
    assert marks(live) == ("written since", "written since")


async def test_it_says_in_the_restored_database_that_it_was_restored_and_all_sessions_have_ended(
    live: Settings,
) -> None:
    with psycopg.connect(live.migration_url) as connection:
        connection.execute(
            "INSERT INTO sessions (user_id, session_id, kind, device, address, created_at, last_used_at, expires_at,"
            " absolute_expires_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'user', '', '', now(), now(),"
            " now() + interval '1 day', now() + interval '1 day')"
        )
    backup_id = await make_backup(live)
    outcome = await put_in_place(live, backup_id)
    with psycopg.connect(live.migration_url) as connection:
        ended = connection.execute("SELECT count(*) FROM sessions WHERE revoked_at IS NULL").fetchone()
        cutoff = connection.execute("SELECT count(*) FROM session_cutoffs").fetchone()
        event = connection.execute(
            "SELECT payload FROM events WHERE topic = 'BackupRestoredInPlace'"
        ).fetchone()
    assert ended == (0,)
    assert cutoff == (1,)
    assert event is not None
    assert event[0]["backup_id"] == backup_id
    assert event[0]["safety_backup_id"] == outcome.safety_backup_id


@pytest.mark.parametrize("point", STEPS_BACK)
async def test_killed_before_the_exchange_the_old_state_is_live_and_stays(
    live: Settings, killed_at: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    backup_id = await make_backup(live)
    mark(live, "written since")
    killed_at(point)
    with pytest.raises(Killed):
        await put_in_place(live, backup_id)
    monkeypatch.undo()
    assert marks(live) == ("written since", "written since")
    with pytest.raises(BackupRestoreInterrupted):
        await put_in_place(live, backup_id)
    assert "given up" in await in_place_service.resume(live)
    assert is_open(live)
    assert marks(live) == ("written since", "written since")
    assert await copies_service.list_copies(live) == []
    assert "Nothing was done" in await in_place_service.resume(live)


@pytest.mark.parametrize("point", STEPS_ON)
async def test_killed_after_the_exchange_the_new_state_is_live_when_it_was_finished(
    live: Settings, killed_at: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    backup_id = await make_backup(live)
    mark(live, "written since")
    killed_at(point)
    with pytest.raises(Killed):
        await put_in_place(live, backup_id)
    monkeypatch.undo()
    assert is_open(live) is (point == "restore.opened"), "what is half there is not served"
    line = await in_place_service.resume(live)
    assert ("finished" in line) is (point != "restore.opened")
    assert is_open(live)
    assert marks(live) == ("backed up", "backed up")
    [copy] = await copies_service.list_copies(live)
    assert marks(live, copy.database, copy.mongo_database) == ("written since", "written since")


async def test_while_it_is_closed_nothing_can_be_written(
    live: Settings, killed_at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup_id = await make_backup(live)
    before = psycopg.connect(live.migration_url)
    before.execute("INSERT INTO state_mark VALUES ('not committed')")
    killed_at("restore.saved")
    with pytest.raises(Killed):
        await put_in_place(live, backup_id)
    with pytest.raises(psycopg.OperationalError):
        before.commit()
    with (
        psycopg.connect(live.migration_url) as session,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        session.execute("INSERT INTO state_mark VALUES ('late')")
    monkeypatch.undo()
    await in_place_service.resume(live)
    assert marks(live) == ("backed up", "backed up")


async def test_of_two_at_once_one_is_refused(live: Settings) -> None:
    backup_id = await make_backup(live)
    outcomes = await asyncio.gather(
        put_in_place(live, backup_id), put_in_place(live, backup_id), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in outcomes) == ["BackupRestoreAlreadyRunning", "Outcome"]
    with journal_crud.locked(live.migration_url, live.database_name) as first:
        assert first
        with pytest.raises(BackupRestoreAlreadyRunning):
            await in_place_service.resume(live)


async def test_a_copy_that_is_not_good_never_takes_the_place(live: Settings) -> None:
    backup_id = await make_backup(live)
    with pytest.raises(RestoreFailed, match="overdrawn"):
        await put_in_place(live, backup_id, proofs=[fails])
    assert is_open(live)
    assert await copies_service.list_copies(live) == []


async def test_what_can_not_be_restored_closes_nothing(
    live: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer, part = await make_backup(live), await make_backup(live, tables=["plans"])
    with pytest.raises(BackupInvalid, match="chosen tables"):
        await put_in_place(live, part)
    key = (await service.get_backup(live, newer)).key
    assert live.backup_dir is not None
    archive = live.backup_dir / key
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(BackupInvalid):
        await put_in_place(live, newer)
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    monkeypatch.setattr("gencharge.core.postgres.migrations.head", lambda: "0001")
    with pytest.raises(BackupTooNew):
        await put_in_place(live, newer)
    assert is_open(live)
    assert await copies_service.list_copies(live) == []


async def test_a_login_without_the_rights_is_told_which_before_anything_is_done(live: Settings) -> None:
    backup_id, login = await make_backup(live), f"narrow_{live.database_name}"
    with crud.connected(live.migration_url, "postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(login)))
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
    narrow = live.model_copy(update={"migration_database_url": as_login(live.migration_url, login)})
    try:
        with pytest.raises(BackupNotPermitted, match=r"CREATEDB.*OWNER"):
            await put_in_place(narrow, backup_id)
    finally:
        with crud.connected(live.migration_url, "postgres", autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(login)))
    assert is_open(live)


def as_login(url: str, login: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{login}@{rest.rpartition('@')[2]}"


async def test_there_are_only_so_many_copies(live: Settings) -> None:
    backup_id = await make_backup(live)
    bounded = live.model_copy(update={"backup_databases_at_most": 1})
    await put_in_place(bounded, backup_id)
    with pytest.raises(BackupDatabaseLimitExceeded):
        await put_in_place(bounded, backup_id)
    assert is_open(live)
