"""The command line: what `make run` does, and what each command says when something is missing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from gencharge.run.dev import recharge_example
from gencharge.run.embedded import EmbeddedServers


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a path that is short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    return free_port()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def environment(folder: Path, **more: object) -> dict[str, str]:
    """Ours, without what names a store, with the data in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    # Port 0: without the sandbox, whose usual port may be another test's.
    own = {"DATA_DIR": str(folder), "SANDBOX_PORT": "0"}
    return {**kept, **own, **{name: str(value) for name, value in more.items()}}


def gencharge(folder: Path, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in `folder`, so that no `.env` of the checkout is read."""
    command = [sys.executable, "-m", "gencharge", *words]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, cwd=folder, env=environment(folder, **more)
    )


def test_doctor_says_that_nothing_runs_and_that_this_is_not_wrong(folder: Path, port: int) -> None:
    answer = gencharge(folder, "doctor", PORT=port)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    for word in ("PostgreSQL", "MongoDB", "Redis", "Python", "GB free", "not running; `make run` starts it"):
        assert word in answer.stdout
    assert "Nothing is wrong." in answer.stdout


def test_doctor_shows_running_stores_with_version_and_origin(folder: Path, port: int) -> None:
    with EmbeddedServers(folder) as servers:
        answer = gencharge(folder, "doctor", PORT=port)
        versions = [server.version for server in servers.servers]
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.count("running") >= 3
    assert all(version in answer.stdout for version in versions)


def test_doctor_names_a_given_store_that_is_away_without_its_password(folder: Path, port: int) -> None:
    url = f"postgresql+asyncpg://someone:sesame@127.0.0.1:{port}/shop"
    answer = gencharge(folder, "doctor", DATABASE_URL=url, PORT=port)
    assert answer.returncode == 1
    assert "correct DATABASE_URL" in answer.stdout
    assert "sesame" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("command", [("migrate",), ("seed",), ("serve",), ("worker",), ("ledger", "verify")])
def test_a_command_without_its_store_says_so_in_one_line(folder: Path, command: tuple[str, ...]) -> None:
    answer = gencharge(folder, *command)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "isn't reachable: start it with `make run` or set DATABASE_URL" in answer.stderr


def test_bad_settings_are_listed_by_name_with_exit_code_78(folder: Path) -> None:
    answer = gencharge(folder, "doctor", PORT="many", OTP_ATTEMPTS="99")
    assert answer.returncode == 78
    assert [line.partition(":")[0] for line in answer.stderr.splitlines()] == ["PORT", "OTP_ATTEMPTS"]
    answer = gencharge(folder, "serve", ENVIRONMENT="production")
    names = {line.partition(":")[0] for line in answer.stderr.splitlines()}
    assert answer.returncode == 78
    assert {"SECRET_KEY", "OTP_SECRET", "OTP_CHANNEL", "DATABASE_URL", "MONGO_URL", "REDIS_URL"} <= names
    answer = gencharge(folder, "serve", CORS_ORIGINS="a,b")
    assert (answer.returncode, answer.stderr) == (78, "CORS_ORIGINS: not valid JSON\n")


def test_a_taken_port_is_one_clear_line_and_starts_nothing(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        answer = gencharge(folder, "dev", PORT=number)
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"port {number} on 127.0.0.1 is taken: ")
    assert answer.stderr.count("\n") == 1
    assert not (folder / "postgres").exists()


def test_a_taken_port_of_the_sandbox_names_its_own_variable(folder: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        answer = gencharge(folder, "dev", PORT=port, SANDBOX_PORT=number)
    assert answer.returncode == 1
    assert f"`SANDBOX_PORT={number + 2} make run`" in answer.stderr
    answer = gencharge(folder, "dev", PORT=port, SANDBOX_PORT=port)
    assert answer.stderr.startswith(f"PORT and SANDBOX_PORT are both {port}: ")
    assert not (folder / "postgres").exists()


def test_a_second_run_in_one_folder_names_the_first_and_leaves_it_alone(folder: Path, port: int) -> None:
    with EmbeddedServers(folder, ["redis"]) as first:
        answer = gencharge(folder, "dev", PORT=port)
        assert first.redis.running
    assert answer.returncode == 1
    assert answer.stderr == f"already running here (pid {os.getpid()}); stop that one first\n"


def test_the_printed_recharge_is_valid_shell() -> None:
    script = recharge_example("http://127.0.0.1:8000", "111111")
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    assert all(len(line) < 120 for line in script.splitlines())


class Run:
    """`gencharge dev` in the background."""

    def __init__(self, folder: Path, port: int, sandbox_port: int = 0) -> None:
        self.folder = folder
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = psutil.Popen(
                [sys.executable, "-m", "gencharge", "dev"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=environment(folder, PORT=port, SANDBOX_PORT=sandbox_port),
            )
        deadline = time.monotonic() + 60
        while "first recharge" not in self.text():
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.02)
        self.children = self.process.children(recursive=True)

    def text(self) -> str:
        """What it printed so far."""
        return self.output.read_text()

    def child(self, word: str) -> psutil.Process:
        """The process that has `word` on its command line."""
        return next(child for child in self.children if word in child.cmdline())

    def end(self) -> int:
        """Wait for its end and that of all its processes; the exit code."""
        code: int = self.process.wait(30)
        _, alive = psutil.wait_procs(self.children, timeout=10)
        assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
        return code


def test_dev_serves_survives_kill_reports_a_dead_child_and_stops_on_ctrl_c(folder: Path, port: int) -> None:
    first = Run(folder, port)
    assert "111111" in first.text()
    assert httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    names = {child.name() for child in first.children}
    assert {"postgres", "mongod", "redis-server"} <= names
    first.process.kill()
    first.end()

    second = Run(folder, port)
    second.child("worker").kill()
    assert second.end() == 1
    assert "gencharge worker was killed by SIGKILL" in second.text()

    sandbox_port = free_port()
    third = Run(folder, port, sandbox_port)
    assert f"http://127.0.0.1:{sandbox_port}, the sandbox" in third.text()
    sandbox = httpx.Client(
        transport=httpx.HTTPTransport(retries=5), base_url=f"http://127.0.0.1:{sandbox_port}"
    )
    with sandbox:  # It is not waited for, so that the start takes no longer.
        assert sandbox.get("/health/live").status_code == 200
    doctor = gencharge(folder, "doctor", PORT=port, SANDBOX_PORT=sandbox_port)
    assert doctor.returncode == 0, doctor.stdout
    assert f"http://127.0.0.1:{sandbox_port}" in doctor.stdout
    third.process.send_signal(signal.SIGINT)
    assert third.end() == 0
    assert "Stopped. The data is kept in" in third.text()
