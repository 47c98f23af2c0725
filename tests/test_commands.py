"""What the commands print: an answer without lines of log, and one line for whatever the user can mend."""

from __future__ import annotations

import io
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest
import structlog
import typer
from pymongo.errors import AutoReconnect, OperationFailure, ServerSelectionTimeoutError
from redis.exceptions import ConnectionError as RedisLost
from rich.console import Console
from sqlalchemy.exc import IntegrityError, OperationalError
from typer.testing import CliRunner

from gencharge.core.errors import DatabaseUnavailable
from gencharge.core.settings import Settings
from gencharge.run import cli, doctor, report, terminal
from gencharge.run.embedded import EmbeddedServers, ServerFailed, disk, libraries, ownership
from gencharge.run.processes import Account, launched
from tests.core.test_settings import settings as production_settings
from tests.make import fork_server

LONG_PATH = "/srv/" + "a-rather-long-name/" * 6 + "data"


def gencharge(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    variables = {**environment, "DATA_DIR": str(folder), **variables}
    return fork_server.run(*words, folder=folder, environment=variables, timeout=200)


@pytest.mark.parametrize(
    "words",
    [
        ("openapi", "--output", "{folder}/missing/x.json"),
        ("openapi", "--output", "{folder}"),
        ("reference", "--folder", "{folder}/file"),
    ],
)
def test_a_path_that_cannot_be_written_is_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    answer = gencharge(tmp_path, *(word.format(folder=tmp_path) for word in words))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith(str(tmp_path))
    assert answer.stderr.count("\n") == 1


def test_a_shell_completes_commands_groups_and_options(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("gencharge")

    def completed(line: str) -> list[str]:
        words = line.split(" ")
        answer = subprocess.run(
            [program],
            cwd=tmp_path,
            env={
                **os.environ,
                "_GENCHARGE_COMPLETE": "complete_bash",
                "COMP_WORDS": line,
                "COMP_CWORD": str(len(words) - 1),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return answer.stdout.split()

    assert completed("gencharge do") == ["doctor"]
    assert "create" in completed("gencharge backup ")
    assert "--workers" in completed("gencharge serve --w")


def test_the_help_groups_the_commands(tmp_path: Path) -> None:
    shown = gencharge(tmp_path, "--help", COLUMNS="100", NO_COLOR="1").stdout
    titles = [line.split()[1:-1] for line in shown.splitlines() if line.startswith("╭─")]
    assert [" ".join(title).strip("─ ") for title in titles] == [
        "Options",
        "Run",
        "Data and schema",
        "Operate",
        "Build on it",
    ]


def test_the_api_is_printed_as_a_postman_collection(tmp_path: Path) -> None:
    file = tmp_path / "gencharge.postman_collection.json"
    ended = gencharge(tmp_path, "openapi", "--postman", "--output", str(file), PORT="8123")
    assert ended.returncode == 0, ended.stderr
    exported = json.loads(file.read_text(encoding="utf-8"))
    assert exported["info"]["schema"].endswith("/v2.1.0/collection.json")
    assert exported["variable"][0]["value"] == "http://127.0.0.1:8123"


@pytest.mark.parametrize("command", ["dev", "sandbox"])
def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    answer = gencharge(tmp_path, command, DATA_DIR=str(tmp_path / "file"), PORT="18999", SANDBOX_PORT="18998")
    assert answer.returncode == 1
    assert answer.stderr.startswith(str(tmp_path / "file"))
    assert answer.stderr.count("\n") == 1


def test_doctor_finds_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    # Its path is longer than any line of a terminal, and is not broken in a pipe.
    folder = tmp_path / ("long" * 50) / ("path" * 50)
    folder.mkdir(parents=True)
    (folder / "file").write_text("")
    answer = gencharge(tmp_path, "doctor", DATA_DIR=str(folder / "file"))
    assert answer.returncode == 1
    assert f"{folder}/file is not a folder: set DATA_DIR to one" in answer.stdout


def test_a_full_disk_is_one_line_with_the_room_that_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit), terminal.one_line():
        raise OSError(28, "No space left on device", str(tmp_path / "x"))
    line = capsys.readouterr().err
    assert line.startswith(f"{tmp_path}/x: No space left on device; ")
    assert line.endswith(" MB are free\n")


@pytest.mark.parametrize(
    "problem",
    [
        psycopg.errors.DiskFull("could not extend file: No space left on device"),
        psycopg.OperationalError("FATAL: could not write init file: No space left on device"),
        OperationFailure("28: No space left on device"),
    ],
)
def test_a_store_whose_disk_is_full_is_one_line(
    problem: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapped = RuntimeError("the copy failed")
    wrapped.__cause__ = problem
    with pytest.raises(typer.Exit), terminal.one_line():
        raise wrapped
    assert capsys.readouterr().err == (
        "a disk is full (No space left on device): make room, then run it again\n"
    )


def test_an_error_that_is_no_file_s_keeps_its_traceback() -> None:
    with pytest.raises(ConnectionRefusedError), terminal.one_line():
        raise ConnectionRefusedError(111, "Connection refused")


def test_a_folder_on_a_full_disk_says_what_is_needed_and_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 40_000_000)
    assert (
        disk.shortage(tmp_path)
        == f"{tmp_path} needs 1000 MB of free disk and has 40 MB: make room, or set DATA_DIR to a folder on another disk"
    )
    assert disk.shortage(tmp_path, 30_000_000) == ""
    assert disk.problem_with(tmp_path / "not" / "yet" / "there") == ""


def test_a_bad_setting_shows_its_value_unless_that_is_secret(tmp_path: Path) -> None:
    answer = gencharge(tmp_path, "doctor", PORT="many", MONGO_TIMEOUT_MS="u:pass@x")
    assert answer.returncode == 78
    assert "PORT: Input should be a valid integer" in answer.stderr
    assert "not 'many'" in answer.stderr
    assert "pass" not in answer.stderr.replace("parse", "")
    assert terminal._shown("secret_key", "sesame") == ""
    assert terminal._shown("signing_key", "sesame") == ""
    assert terminal._shown("no_such_setting", "sesame") == ""
    assert terminal._shown("port", "9" * 500) == f", not '{'9' * 60}'"


def test_a_command_s_log_keeps_quiet_but_for_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        terminal.quiet_log(Settings(_env_file=None))  # type: ignore[call-arg]
        structlog.get_logger().info("reconciled")
        structlog.get_logger().warning("odd")
    finally:
        structlog.configure(**before)
    printed = capsys.readouterr().out
    assert "reconciled" not in printed
    assert "odd" in printed


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_doctor_breaks_no_path_and_no_address(columns: int) -> None:
    row = report.Row("Data", origin=LONG_PATH, state="1.0 GB free", problem="http://127.0.0.1:8000/x is odd")
    text = io.StringIO()
    report.show(report.Report([row]), Console(file=text, width=columns))
    lines = text.getvalue()
    assert LONG_PATH in lines or columns == 200
    assert "http://127.0.0.1:8000/x" in lines
    assert "Something is wrong" in lines


@pytest.mark.skipif(os.geteuid() != 0, reason="root only: nobody else changes hands")
def test_a_home_directory_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "project").mkdir(parents=True)
    home.chmod(0o700)
    nobody = pwd.getpwnam("nobody")
    entry = pwd.struct_passwd(("asha", "x", 5000, 5000, "", str(home), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwall", lambda: [entry])
    account = Account(nobody.pw_uid, nobody.pw_gid)
    ownership.make_reachable(home / "project" / "data", account)
    assert ownership.with_passage(account, tmp_path) == account
    assert ownership.with_passage(account, tmp_path, home / "project") == replace(account, passes=True)
    monkeypatch.setattr(ownership, "_can_pass", lambda: False)
    with pytest.raises(ServerFailed, match=rf"can't pass {home}: .* `chmod o\+x {home}`"):
        ownership.with_passage(account, home / "project")
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="root only: nobody else changes hands")
def test_root_starts_the_servers_below_its_closed_home(monkeypatch: pytest.MonkeyPatch) -> None:
    if not ownership._can_pass():
        pytest.skip("this container took CAP_DAC_READ_SEARCH away: the refusal is tested above")
    home = Path(tempfile.mkdtemp(prefix="gencharge-test-"))  # short, for sockets
    home.chmod(0o700)
    entry = pwd.struct_passwd(("asha", "x", 5000, 5000, "", str(home), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwall", lambda: [entry])
    servers = EmbeddedServers(home / "project" / "data")
    try:
        servers.start()
        servers.wait_ready(timeout=60)
        for server in (servers.postgres, servers.mongo, servers.redis):
            assert psutil.Process(server.pid).uids().real != 0
        # PostgreSQL asks access(2) for its own programs, which lie below the same home where the project does.
        program = home / "project" / "initdb"
        program.touch(mode=0o755)
        nobody = pwd.getpwnam("nobody")
        account = ownership.with_passage(Account(nobody.pw_uid, nobody.pw_gid), program)
        ask = [sys.executable, "-c", f"import os; assert os.access({str(program)!r}, os.R_OK | os.X_OK)"]
        subprocess.run(launched(ask, death_signal=signal.SIGTERM, account=account), check=True)
        assert home.stat().st_mode & 0o777 == 0o700
    finally:
        servers.stop()
        shutil.rmtree(home, ignore_errors=True)


def test_a_machine_without_the_libraries_says_what_to_do_where_nothing_can_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(libraries, "_NEEDED", ("libcurl.so.99",))
    with pytest.raises(ServerFailed, match=r"/proc.* set DATA_DIR to another folder"):
        libraries.stand_ins(Path("/proc/nowhere/lib"))


def test_production_gets_no_sample_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "read_settings", lambda: production_settings())
    refused = CliRunner().invoke(cli.app, ["seed"])
    assert refused.exit_code == 1
    assert " ".join(refused.output.split()).startswith("ENVIRONMENT: production has no sample data")


def test_doctor_looks_at_the_stored_files_where_the_stores_are_ones_own(tmp_path: Path) -> None:
    own = production_settings(storage_dir=tmp_path, data_dir=Path("/proc/nowhere"))
    row = doctor._examine_disk(own)
    assert (row.what, row.origin, row.problem) == ("Files", str(tmp_path), "")
    (tmp_path / "file").write_text("")
    row = doctor._examine_disk(own.model_copy(update={"storage_dir": tmp_path / "file"}))
    assert row.problem == f"{tmp_path}/file is not a folder: set STORAGE_DIR to one"
    row = doctor._examine_disk(own.model_copy(update={"redis_url": "", "data_dir": tmp_path / "file"}))
    assert (row.what, row.problem) == ("Data", f"{tmp_path}/file is not a folder: set DATA_DIR to one")


def test_doctor_says_which_file_the_settings_are_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = doctor._examine_settings(production_settings())
    assert (row.state, row.origin) == (
        "production",
        f"{tmp_path} has no .env: the environment and the defaults only",
    )
    (tmp_path / ".env").write_text("")
    assert doctor._examine_settings(production_settings()).origin == f"{tmp_path}/.env"


def test_doctor_proposes_no_make_run_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "http_status", lambda *_: None)
    assert doctor._examine_api(production_settings()).state == "not running; `gencharge serve` starts it"


@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_a_port_that_can_not_be_is_refused(command: str) -> None:
    answer = CliRunner().invoke(cli.app, [command, "--port", "99999"])
    assert answer.exit_code == 2
    assert "less than or equal to 65535" in answer.output


def test_a_folder_of_another_user_is_named_with_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = pwd.getpwuid(tmp_path.stat().st_uid).pw_name
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert disk.problem_with(tmp_path / "new") == (
        f"{tmp_path} can't be written to: set DATA_DIR to another folder"
    )
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert disk.problem_with(tmp_path / "new") == (
        f"{tmp_path} belongs to another user ({owner}): run as that user, or set DATA_DIR to a folder of your own"
    )


@pytest.mark.parametrize(
    ("lost", "store"),
    [
        (DatabaseUnavailable(), "PostgreSQL"),
        (OperationalError("SELECT 1", None, ConnectionResetError()), "PostgreSQL"),
        (psycopg.OperationalError("connection failed: no such socket"), "PostgreSQL"),
        (ServerSelectionTimeoutError("no server"), "MongoDB"),
        (AutoReconnect("closed"), "MongoDB"),
        (RedisLost("closed"), "Redis"),
    ],
)
def test_a_store_that_stops_under_a_command_is_one_line(
    lost: Exception, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, terminal.one_line():
        raise lost
    assert ended.value.exit_code == 1
    output = capsys.readouterr().err
    assert output.startswith(f"{store} stopped answering before the command ended")
    assert output.count("\n") == 1


def test_a_bug_keeps_its_traceback() -> None:
    for bug in (
        KeyError("price"),
        IntegrityError("INSERT", None, ValueError()),
        psycopg.errors.LockNotAvailable(),
    ):
        with pytest.raises(type(bug)), terminal.one_line():
            raise bug
