"""`gencharge migrate --dry-run` says what would change, and changes nothing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest
from alembic import command
from typer.testing import CliRunner

from gencharge.core.postgres import migrations, rehearsal
from gencharge.core.settings import Settings
from gencharge.run import cli, migrating, terminal
from gencharge.run.embedded import ServerFailed
from tests.conftest import database_of, test_settings

BACK = 3


@pytest.fixture
def old(servers: Path, worker_id: str) -> Settings:
    """A database whose last migrations are still to come."""
    settings = test_settings(servers, database_of(servers, worker_id, "rehearsal"))
    command.downgrade(migrations.config(settings), f"-{BACK}")
    return settings


def schema_of(settings: Settings) -> list[tuple[str, ...]]:
    """All tables with their columns, all indexes and functions."""
    with psycopg.connect(settings.migration_url) as connection:
        return [
            tuple(str(value) for value in row)
            for row in connection.execute(
                "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
                " UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
                " UNION ALL SELECT proname, prosrc, coalesce(obj_description(oid), '') FROM pg_proc"
                " WHERE pronamespace = 'public'::regnamespace"
                " UNION ALL SELECT version_num, '', '' FROM alembic_version ORDER BY 1, 2, 3"
            )
        ]


def test_it_says_each_migration_and_changes_nothing(old: Settings) -> None:
    before, revision = schema_of(old), migrations.current(old)
    lines = migrating.rehearse(old, limit_seconds=30, sql=True)
    steps = [line for line in lines if line[:4].isdigit()]
    assert len(steps) == BACK
    assert steps[-1].startswith(f"{migrations.head()}  ")
    assert lines[-1].startswith(f"{BACK} migrations, in one transaction, ")
    assert lines[-1].endswith("It was taken back: nothing was changed.")
    assert schema_of(old) == before
    assert migrations.current(old) == revision
    assert migrations.upgrade(old), "what was rehearsed can be done"
    assert migrating.rehearse(old, limit_seconds=30, sql=False) == [
        "The schema is up to date: nothing would change."
    ]


def test_it_notes_the_statements_of_each_migration(old: Settings) -> None:
    command.downgrade(migrations.config(old), "0048")
    done = rehearsal.rehearse(old, limit_seconds=30)
    steps = {step.revision: step for step in done.steps}
    assert "CREATE TABLE recharge_month_figures" in " ".join(steps["0049"].statements)
    assert steps["0049"].title.startswith("Sums of the figures of recharges by month")
    assert all("alembic_version" not in one for step in done.steps for one in step.statements)
    # They make new tables, which nobody else can use yet: these are not said to be locked.
    assert [lock for revision in ("0050", "0051") for lock in steps[revision].locks] == []


def test_a_lock_that_stops_customers_is_said_once_and_at_its_strongest(old: Settings) -> None:
    command.downgrade(migrations.config(old), "0036")
    done = rehearsal.rehearse(old, limit_seconds=30)
    locks = [(step.revision, *lock) for step in done.steps for lock in step.locks]
    strongest = {table: mode for _, table, mode in locks}
    assert "AccessExclusiveLock" in strongest.values()
    assert len({(table, mode) for _, table, mode in locks}) == len(locks), "each once"
    lines = "\n".join(rehearsal.lines_of(done))
    assert "AccessExclusiveLock, nobody reads or writes it until the end" in lines


def test_a_table_in_use_ends_it_within_seconds(old: Settings) -> None:
    command.downgrade(migrations.config(old), "0048")  # the next one changes the table of figures
    with psycopg.connect(old.migration_url) as other:
        other.execute("LOCK TABLE recharge_figures IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(ServerFailed, match=r"nothing was changed: try again"):
            migrating.rehearse(old, limit_seconds=30, sql=False)
        assert time.monotonic() - began < 20
    assert migrations.current(old) != migrations.head()


def test_it_holds_locks_no_longer_than_it_may(old: Settings) -> None:
    before = schema_of(old)
    with pytest.raises(ServerFailed, match=r"took longer than 0\.001 s and were taken back"):
        migrating.rehearse(old, limit_seconds=0.001, sql=False)
    assert schema_of(old) == before

    # One statement that takes too long is ended by PostgreSQL.
    with psycopg.connect(old.migration_url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); END $$"
        )
        connection.execute("CREATE EVENT TRIGGER slow ON ddl_command_start EXECUTE FUNCTION slow()")
        began = time.monotonic()
        with pytest.raises(ServerFailed, match="took longer than 1 s"):
            migrating.rehearse(old, limit_seconds=1, sql=False)
        assert time.monotonic() - began < 20
        connection.execute("DROP EVENT TRIGGER slow")
    assert migrations.current(old) != migrations.head()


def test_readers_go_on_while_it_is_rehearsed(old: Settings) -> None:
    ended = threading.Event()
    longest = 0.0

    def read() -> None:
        nonlocal longest
        with psycopg.connect(old.migration_url, autocommit=True) as connection:
            while not ended.is_set():
                began = time.monotonic()
                connection.execute("SELECT count(*) FROM recharges").fetchone()
                longest = max(longest, time.monotonic() - began)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        rehearsal.rehearse(old, limit_seconds=30)
    finally:
        ended.set()
        reader.join()
    assert 0 < longest < 10


def test_the_command_is_a_rehearsal_only_if_it_is_told_so(
    old: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "read_settings", lambda: old)
    runner = CliRunner()
    rehearsed = runner.invoke(cli.app, ["migrate", "--dry-run"])
    assert rehearsed.exit_code == 0, rehearsed.output
    assert migrations.current(old) != migrations.head()
    done = runner.invoke(cli.app, ["migrate"])
    assert done.exit_code == 0, done.output
    assert migrations.current(old) == migrations.head()
