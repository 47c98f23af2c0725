"""The embedded data of an older PostgreSQL are brought to this version's, and the old ones stay as they were."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_postgres_url
from gencharge.run import cli, terminal
from gencharge.run.embedded import Postgres, ServerFailed, disk, major_upgrade, stores
from gencharge.run.embedded.binaries import Binary, find_postgres_of
from gencharge.run.processes import find_in_folder
from gencharge.seed import seed

OLD = 16
SQL = """
    CREATE ROLE someone LOGIN PASSWORD 'not a secret';
    CREATE ROLE group_of_someone ROLE someone;
    CREATE TABLE numbers AS SELECT number, repeat('content ', 20) AS content FROM generate_series(1, 50000) AS number;
    ALTER TABLE numbers ADD PRIMARY KEY (number);
    GRANT SELECT ON numbers TO group_of_someone;
"""
# Says that it begins, and upgrades.
PROGRAM = """
import sys
from pathlib import Path
from gencharge.run.embedded import major_upgrade
print("ready", flush=True)
major_upgrade.upgrade(Path(sys.argv[1]), lambda database, done: print(database, done, flush=True))
"""


@pytest.fixture(scope="module")
def original() -> Iterator[Path]:
    """A data folder that PostgreSQL 16 has made, with tables, roles and two databases in it."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-major-"))
    folder.chmod(0o755)
    server = old_server(folder)
    server.start()
    server.wait_ready(120)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(SQL)
        connection.execute("CREATE DATABASE second")
    server.stop()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder(original: Path) -> Iterator[Path]:
    """A copy of it."""
    copy = Path(tempfile.mkdtemp(prefix="gencharge-major-"))
    copy.chmod(0o755)
    shutil.copytree(original / "postgres", copy / "postgres")
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


def old_program() -> Binary:
    program = find_postgres_of(OLD)
    if program is None:
        pytest.skip(f"there is no PostgreSQL {OLD} on this machine; the wheel of the embedded server has it")
    return program


def old_server(folder: Path) -> Postgres:
    """The server of the release before, on this folder."""
    program = old_program()

    class Old(Postgres):
        def _find(self) -> Binary | None:
            return program

    return Old(folder)


def count_of(server: Postgres, table: str = "numbers") -> int:
    server.start()
    try:
        server.wait_ready(120)
        with psycopg.connect(server.url) as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert row is not None
            return int(row[0])
    finally:
        server.stop()


def test_everything_is_brought_over_and_the_old_data_stay(folder: Path) -> None:
    with pytest.raises(ServerFailed, match=r"made by version 16, .*`gencharge upgrade-data`"):
        Postgres(folder).start()
    seen: list[tuple[str, int]] = []
    done = major_upgrade.upgrade(folder, lambda *progress: seen.append(progress))
    assert done is not None
    assert (done.from_version.partition(".")[0], done.rows) == (str(OLD), 50_000)
    assert {"gencharge_dev", "second"} <= set(done.databases)
    assert "gencharge_dev" in {database for database, _ in seen}
    assert done.old_folder == folder.resolve() / "postgres.16"

    server = Postgres(folder)
    server.start()
    server.wait_ready(120)
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*), max(number) FROM numbers").fetchone() == (50_000,) * 2
            indexes = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'numbers'")
            assert indexes.fetchall() == [("numbers_pkey",)]
            # Roles with their passwords and memberships, and what they may.
            connection.execute("SET SESSION AUTHORIZATION someone")
            assert connection.execute("SELECT pg_has_role('group_of_someone', 'MEMBER')").fetchone() == (
                True,
            )
            assert connection.execute("SELECT count(*) FROM numbers").fetchone() == (50_000,)
            connection.execute("RESET SESSION AUTHORIZATION")
            password = connection.execute(
                "SELECT rolpassword LIKE 'SCRAM%' FROM pg_authid WHERE rolname = 'someone'"
            )
            assert password.fetchone() == (True,)
    finally:
        server.stop()
    assert major_upgrade.upgrade(folder, lambda *_: None) is None, "they are of this version"

    # Back: the old data are whole, for the release before.
    shutil.rmtree(folder / "postgres")
    done.old_folder.rename(folder / "postgres")
    assert count_of(old_server(folder)) == 50_000


def test_the_products_own_schema_is_this_versions_afterwards(folder: Path) -> None:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        environment="test",
        data_dir=folder,
        database_url=embedded_postgres_url(folder, "second"),
        dev_fixed_otp="",
    )
    server = old_server(folder)
    server.start()
    server.wait_ready(120)
    migrations.upgrade(settings)
    seed(settings)
    server.stop()
    assert major_upgrade.upgrade(folder, lambda *_: None) is not None
    server = Postgres(folder)
    server.start()
    server.wait_ready(120)
    try:
        assert migrations.pending(settings) == []
        with psycopg.connect(settings.postgres_url) as connection:
            row = connection.execute("SELECT count(*) FROM plans").fetchone()
        assert row is not None
        assert row[0] > 10
    finally:
        server.stop()


@pytest.mark.parametrize("pieces", [0, 1, 4])
def test_killed_midway_the_old_data_still_start_and_the_upgrade_can_be_begun_again(
    folder: Path, pieces: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.endswith("_URL")},
    )
    assert process.stdout is not None
    for _ in range(1 + pieces):
        assert process.stdout.readline()
    process.kill()
    process.communicate()
    until = time.monotonic() + 60
    # Its servers end with it.
    while any(find_in_folder(folder / name, {"postgres"}) for name in ("postgres", "postgres.draft")):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert major_upgrade.version_of(folder) == str(OLD)
    assert count_of(old_server(folder)) == 50_000
    done = major_upgrade.upgrade(folder, lambda *_: None)
    assert done is not None
    assert done.rows == 50_000


def test_killed_between_the_two_renames_the_next_start_has_the_new_data(folder: Path) -> None:
    done = major_upgrade.upgrade(folder, lambda *_: None)
    assert done is not None
    (folder / "postgres").rename(folder / "postgres.upgraded")
    assert count_of(Postgres(folder)) == 50_000
    assert (folder / "postgres.16").exists()


def test_a_copy_that_lacks_a_row_is_not_put_in_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([{"public.numbers": 50_000}, {"public.numbers": 49_999}])
    monkeypatch.setattr(major_upgrade, "_rows", lambda _url: next(counts))
    with pytest.raises(ServerFailed, match=r"not the same after the upgrade \(public\.numbers\)"):
        major_upgrade.upgrade(folder, lambda *_: None)
    assert major_upgrade.version_of(folder) == str(OLD)


def test_what_can_not_be_upgraded_is_refused_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    folder.mkdir()
    marker = folder / "PG_VERSION"
    for version, reason in (("9", "is not on this machine: install it"), ("99", "there is no way back")):
        marker.write_text(f"{version}\n")
        with pytest.raises(ServerFailed, match=reason):
            major_upgrade.upgrade(tmp_path, lambda *_: None)
    marker.unlink()
    with pytest.raises(ServerFailed, match="holds no data"):
        major_upgrade.upgrade(tmp_path, lambda *_: None)
    marker.write_text(f"{OLD}\n")
    (tmp_path / "postgres.16").mkdir()
    old_program()
    with pytest.raises(ServerFailed, match="from an earlier upgrade"):
        major_upgrade.upgrade(tmp_path, lambda *_: None)


def test_a_full_disk_is_said_before_anything_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_program()
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text(f"{OLD}\n" + " " * 4_000_000)
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 5_000_000)
    with pytest.raises(ServerFailed, match="needs 5 MB of free disk and has 5 MB"):
        major_upgrade.upgrade(tmp_path, lambda *_: None)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_the_command_upgrades_once_and_deletes_the_old_data_only_when_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, environment="test", data_dir=folder, database_url="")  # type: ignore[call-arg]
    monkeypatch.setattr(terminal, "read_settings", lambda: settings)
    runner = CliRunner()
    first, second = (runner.invoke(cli.app, ["upgrade-data"]) for _ in range(2))
    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert "were brought from PostgreSQL 16." in first.output
    assert "already" in second.output
    assert (folder / "postgres.16").exists()
    assert runner.invoke(cli.app, ["upgrade-data", "--remove-old"]).exit_code == 0
    assert not (folder / "postgres.16").exists()
    assert count_of(Postgres(folder)) == 50_000


def test_a_server_of_ones_own_is_not_upgraded(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(terminal, "read_settings", lambda: settings)
    refused = CliRunner().invoke(cli.app, ["upgrade-data"])
    assert refused.exit_code == 1
    assert "pg_upgrade" in refused.output


def test_the_switch_never_replaces_data_that_are_there(tmp_path: Path) -> None:
    for name in ("postgres", "postgres.upgraded"):
        (tmp_path / name).mkdir()
    stores.finish_switch(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"postgres", "postgres.upgraded"}
