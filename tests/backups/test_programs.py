"""The programs that fit the server are found, get no secret on their command line, and end when they must."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from gencharge.backups import programs
from gencharge.backups.errors import BackupToolsUnavailable
from gencharge.core.settings import Settings
from tests.make.process_table import command_line

URL = "postgresql://owner:s3cret@db.example:5433/gencharge?sslmode=require"


def planted(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("pg_dump", "pg_restore"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_programs_of_an_older_version_are_refused_with_what_to_install(tmp_path: Path) -> None:
    folder = planted(tmp_path / "old", "15.4")
    assert programs.find_tools(15, folder).version == "15.4"
    assert programs.find_tools(14, folder).major == 15
    with pytest.raises(
        BackupToolsUnavailable, match=r"PostgreSQL 18;.* found: 15\.4 \(.*postgresql-client-18"
    ):
        programs.find_tools(18, folder)


def test_a_folder_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupToolsUnavailable, match="found: nothing"):
        programs.find_tools(18, tmp_path)


def test_the_programs_of_the_embedded_server_fit_it() -> None:
    assert programs.find_tools(18).major >= 18


def test_the_oldest_that_fit_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [planted(tmp_path / version, version) for version in ("19.1", "17.2", "18.3")]
    monkeypatch.setattr(programs, "_folders", lambda: iter(folders))
    assert programs.find_tools(18).version == "18.3"


def test_the_connection_is_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "of somebody else")
    variables = programs.environment(URL)
    assert (variables["PGHOST"], variables["PGPORT"], variables["PGUSER"]) == ("db.example", "5433", "owner")
    assert (variables["PGPASSWORD"], variables["PGSSLMODE"]) == ("s3cret", "require")
    assert "PGDATABASE" not in variables
    with pytest.raises(ValueError, match="keepalives"):
        programs.environment(URL + "&keepalives=1")


def test_no_password_is_on_a_command_line(settings: Settings) -> None:
    with programs.running([sys.executable, "-c", "import sys; sys.stdin.read()"], URL, feeds=True):
        children = psutil.Process().children()
        lines = [command_line(child) for child in children]
        assert any("stdin.read()" in line for line in lines)
        assert not any("s3cret" in line for line in lines)


def test_what_a_program_says_when_it_fails_is_the_reason() -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; print('one\\ntwo\\nthree\\nno space', file=sys.stderr); sys.exit(3)",
    ]
    with (
        pytest.raises(programs.ProgramFailed, match=r"^two \| three \| no space$"),
        programs.running(command, URL, feeds=False) as output,
    ):
        assert output.read() == b""


def feed(command: list[str], pieces: int) -> None:
    with programs.running(command, URL, feeds=True) as stream:
        for _ in range(pieces):
            stream.write(os.urandom(100_000))


def test_a_program_that_ends_while_it_is_fed_says_why() -> None:
    command = [sys.executable, "-c", "import sys; print('enough', file=sys.stderr); sys.exit(1)"]
    with pytest.raises(programs.ProgramFailed, match="enough"):
        feed(command, 1000)


def test_an_error_within_ends_the_program() -> None:
    children = []

    def fail() -> None:
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        with programs.running(command, URL, feeds=False):
            children.extend(psutil.Process().children())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert children
    assert not any("sleep(600)" in command_line(child) for child in children)


async def test_a_restore_in_place_is_begun_in_a_session_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, output = tmp_path / "python", tmp_path / "output"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {output}.new\nps -o sid= -p $$ >> {output}.new\nmv {output}.new {output}\n'
    )
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    await programs.begin_restore("0198c0de-0000-7000-8000-000000000000")
    await asyncio.wait_for(asyncio.gather(*programs._begun), 30)
    words, session = output.read_text().splitlines()
    assert words == "-m gencharge backup restore --run 0198c0de-0000-7000-8000-000000000000"
    assert int(session) != os.getsid(0)
    assert not programs._begun


def test_what_yields_to_others_hands_that_to_the_programs_that_it_starts_and_to_nobody_else() -> None:
    niceness = list[int]()

    def work() -> None:
        programs.yield_to_others(threading.get_native_id())
        nice = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
        niceness.append(int(subprocess.check_output([sys.executable, "-c", nice])))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert niceness == [max(10, before)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    programs.yield_to_others(2**22 + 1)  # one that has ended since is no error
