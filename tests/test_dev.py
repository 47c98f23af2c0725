"""The command line: what `make run` does, and what each command says when something is missing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from gencharge.core.settings import Settings
from gencharge.core.velocity_settings import Velocity
from gencharge.run import dev, preload
from gencharge.run.dev import recharge_example
from gencharge.run.embedded import EmbeddedServers, ServerFailed, disk
from tests.make import fork_server
from tests.make.fork_server import Process
from tests.make.prepared import prepare
from tests.make.process_table import command_line, names, outliving


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
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    # Port 0: without the sandbox, whose usual port may be another test's.
    own = {"DATA_DIR": str(folder), "SANDBOX_PORT": "0"}
    return {**inherited, **own, **{name: str(value) for name, value in more.items()}}


def gencharge(folder: Path, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in `folder`, so that no `.env` of the checkout is read."""
    return fork_server.run(*words, folder=folder, environment=environment(folder, **more), timeout=240)


@pytest.mark.parametrize("words", [("--version",), ("doctor",)])
def test_a_real_start_says_the_same_as_a_forked_one(folder: Path, port: int, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "gencharge", *words]
    own = environment(folder, PORT=port)
    real = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=folder, env=own)
    forked = gencharge(folder, *words, PORT=port)
    gigabytes = re.compile(r"[\d.]+ GB free")
    assert (real.returncode, real.stderr) == (forked.returncode, forked.stderr) == (0, "")
    assert gigabytes.sub("", real.stdout) == gigabytes.sub("", forked.stdout)


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


@pytest.mark.parametrize("command", [("seed",), ("serve",), ("worker",), ("ledger", "verify")])
def test_a_command_without_its_store_says_so_in_one_line(folder: Path, command: tuple[str, ...]) -> None:
    answer = gencharge(folder, *command)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert "isn't reachable: start it with `make run` or set DATABASE_URL" in answer.stderr


def test_migrate_makes_the_stores_of_a_new_machine_and_stops_them(folder: Path) -> None:
    """As docs/how-to/back-up.md begins a restore on a new machine."""
    for reply in ("The schema was brought up to date.\n", "The schema is up to date.\n"):
        answer = gencharge(folder, "migrate")
        assert (answer.returncode, answer.stdout) == (0, reply), answer.stderr
        assert "isn't reachable" in gencharge(folder, "seed").stderr


@pytest.mark.parametrize(
    ("word", "code", "complaint"),
    [
        (preload.BEGIN, 1, "start it with `make run` or set DATABASE_URL"),
        (b"", 0, ""),
        (b"begi", 0, ""),
    ],
    ids=["begin", "the parent ended", "the parent ended amid the word"],
)
def test_the_loaded_api_begins_when_its_parent_says_so_and_ends_with_the_pipe(
    folder: Path, word: bytes, code: int, complaint: str
) -> None:
    read, write = os.pipe()
    os.write(write, word)
    os.close(write)
    program = (
        "import os, sys; sys.stderr.flush(); os.dup2(1, 2)\n"
        "from gencharge.run import preload; preload.main('serve')"
    )
    process = fork_server.begin(program, folder=folder, environment=environment(folder), stdin=read)
    os.close(read)
    lines = process.stdout.read().splitlines()
    assert process.wait(240) == code
    process.end()
    assert [line.partition("isn't reachable: ")[2] for line in lines] == [complaint] * bool(complaint)


def test_bad_settings_are_listed_by_name_with_exit_code_78(folder: Path) -> None:
    answer = gencharge(folder, "doctor", PORT="many", OTP_ATTEMPTS="99")
    assert answer.returncode == 78
    assert [line.partition(":")[0] for line in answer.stderr.splitlines()] == ["PORT", "OTP_ATTEMPTS"]
    answer = gencharge(folder, "serve", ENVIRONMENT="production")
    names = {line.partition(":")[0] for line in answer.stderr.splitlines()}
    assert answer.returncode == 78
    assert {
        "SECRET_KEY",
        "OTP_SECRET",
        "DATA_KEY",
        "OTP_CHANNEL",
        "DATABASE_URL",
        "MONGO_URL",
        "REDIS_URL",
    } <= names
    answer = gencharge(folder, "serve", CORS_ORIGINS="a,b")
    assert (answer.returncode, answer.stderr) == (78, "CORS_ORIGINS: not valid JSON\n")


def test_taken_ports_are_one_clear_line_that_mends_both_and_start_nothing(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as api, socket.create_server(("127.0.0.1", 0)) as other:
        port, sandbox_port = api.getsockname()[1], other.getsockname()[1]
        answer = gencharge(folder, "dev", PORT=port, SANDBOX_PORT=sandbox_port)
        one = gencharge(folder, "dev", PORT=free_port(), SANDBOX_PORT=sandbox_port)
    assert answer.returncode == one.returncode == 1
    assert answer.stderr.startswith(f"ports {port} and {sandbox_port} are taken: ")
    assert one.stderr.startswith(f"port {sandbox_port} is taken: ")
    assert answer.stderr.count("\n") == one.stderr.count("\n") == 1
    proposal = re.search(r"`PORT=(\d+) SANDBOX_PORT=(\d+) make run`", answer.stderr)
    assert proposal is not None
    assert port < int(proposal[1]) < int(proposal[2])
    assert not (folder / "postgres").exists()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("999.1.1.1", "HOST: 999.1.1.1 is no address, and no name that leads to one ("),
        # Of a network for documentation (RFC 5737): nobody's address.
        ("192.0.2.1", "HOST: 192.0.2.1 is no address of this machine ("),
    ],
)
def test_a_host_that_nothing_can_listen_on_is_one_line(folder: Path, host: str, words: str) -> None:
    answers = [gencharge(folder, "serve", "--host", host), gencharge(folder, "dev", HOST=host)]
    for answer in answers:
        assert answer.returncode == 78
        assert answer.stderr.startswith(words)
        assert answer.stderr.count("\n") == 1


def test_one_port_for_both_is_refused(folder: Path, port: int) -> None:
    answer = gencharge(folder, "dev", PORT=port, SANDBOX_PORT=port)
    assert answer.stderr.startswith(f"PORT and SANDBOX_PORT are both {port}: ")


@pytest.mark.parametrize("command", ["serve", "sandbox"])
def test_a_server_alone_says_as_much_about_a_taken_port(folder: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = gencharge(
            folder, command, PORT=port, SANDBOX_PORT=port, DATABASE_URL="postgresql://127.0.0.1:1/x"
        )
    assert answer.returncode == 1
    assert (
        answer.stderr
        == f"port {port} on 127.0.0.1 is taken: stop what uses it, or give another with --port\n"
    )


def test_a_disk_without_room_is_said_with_what_is_needed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _folder: 40_000_000)
    settings = Settings(_env_file=None, data_dir=folder, port=free_port(), sandbox_port=0)
    with pytest.raises(
        ServerFailed, match="needs 1000 MB of free disk and has 40 MB: make room, or set DATA_DIR"
    ):
        dev.run(settings)
    (folder / "postgres").mkdir()
    with pytest.raises(ServerFailed, match="needs 200 MB of free disk and has 40 MB"):
        dev.run(settings)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_data_folder_of_another_user_is_said_in_one_line(
    folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other user may not see this checkout, such as one below /root.
    monkeypatch.setattr(EmbeddedServers, "require_programs", lambda _servers: None)
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    data.chmod(mode)
    settings = Settings(_env_file=None, data_dir=data, port=free_port(), sandbox_port=0)
    os.seteuid(65534)
    try:
        with pytest.raises(ServerFailed) as refusal:
            dev.run(settings)
    finally:
        os.seteuid(0)
    assert str(refusal.value) == (
        f"{data} belongs to another user: run as that user, or set DATA_DIR to a folder of your own"
    )


def test_a_data_folder_that_can_not_be_written_is_said_in_one_line(folder: Path, port: int) -> None:
    (folder / "file").touch()
    answer = gencharge(folder, "dev", PORT=port, DATA_DIR=folder / "file" / "data")
    assert answer.returncode == 1
    assert answer.stderr == (f"{folder}/file is not a folder: set DATA_DIR to one\n")


def test_data_of_a_newer_version_are_left_alone_with_one_line(folder: Path, port: int) -> None:
    with EmbeddedServers(folder, ["postgres"]) as servers:
        assert gencharge(folder, "migrate").returncode == 0
        with psycopg.connect(servers.postgres.url, autocommit=True) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        answer = gencharge(folder, "migrate")
        doctor = gencharge(folder, "doctor", PORT=port)
    started = gencharge(folder, "dev", PORT=port)
    for each in (answer, started):
        assert each.returncode == 1
        assert each.stderr.startswith(
            "the tables are at revision 9999, of a newer version; this one's are at "
        )
        assert each.stderr.endswith(
            ": run that version, or choose another database (DATABASE_URL or DATA_DIR)\n"
        )
        assert each.stderr.count("\n") == 1
    assert "of a newer version" in doctor.stdout


def test_the_version_is_the_package_s(folder: Path) -> None:
    answer = gencharge(folder, "--version")
    assert answer.stdout == f"GenCharge {version('gencharge')}\n"


def test_login_without_a_server_says_what_to_start(folder: Path, port: int) -> None:
    answer = gencharge(folder, "login", "9000001001", PORT=port)
    assert answer.returncode == 1
    assert answer.stderr == (
        f"GenCharge does not answer on http://127.0.0.1:{port}: start it with `make run`, or set PORT\n"
    )


def test_reset_deletes_the_stores_and_nothing_else(folder: Path) -> None:
    for name in ("postgres", "mongo", "redis", "logs"):
        (folder / name).mkdir()
        (folder / name / "file").write_text("x")
    (folder / "tools").mkdir()
    assert (
        gencharge(folder, "reset", "--yes").stdout == "There is no data.\n"
    )  # `gencharge dev` never started here
    assert (folder / "postgres" / "file").exists()
    with EmbeddedServers(folder, []) as servers:
        servers.lock()
        refused = gencharge(folder, "reset", "--yes")
    assert refused.returncode == 1
    assert refused.stderr == f"already running here (pid {os.getpid()}); stop that one first\n"
    assert (folder / "postgres" / "file").exists()
    assert gencharge(folder, "reset").returncode == 1  # nobody answers the question
    assert (folder / "postgres" / "file").exists()
    assert gencharge(folder, "reset", "--yes").returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "tools"]
    production = gencharge(folder, "reset", "--yes", ENVIRONMENT="production")
    assert production.returncode != 0


def test_the_reference_is_written_into_a_new_folder(folder: Path) -> None:
    answer = gencharge(folder, "reference", "--folder", str(folder / "new" / "docs"))
    assert answer.returncode == 0, answer.stderr
    assert (folder / "new" / "docs" / "reference" / "tables.md").exists()
    assert (folder / "new" / ".env.example").exists()


def test_a_second_run_in_one_folder_names_the_first_and_leaves_it_alone(folder: Path, port: int) -> None:
    with EmbeddedServers(folder, ["redis"]) as first:
        answer = gencharge(folder, "dev", PORT=port)
        assert first.redis.running
    assert answer.returncode == 1
    assert answer.stderr == f"already running here (pid {os.getpid()}); stop that one first\n"


def test_the_messages_go_to_the_sandbox_unless_they_go_elsewhere() -> None:
    settings = Settings(_env_file=None, sandbox_port=8123)  # type: ignore[call-arg]
    environment = dev._extra_environment(settings)
    assert environment["MESSAGE_INBOX_URL"] == "http://127.0.0.1:8123/sandbox/messages"
    elsewhere = Settings(_env_file=None, message_inbox_url="http://127.0.0.1:1/")  # type: ignore[call-arg]
    assert "MESSAGE_INBOX_URL" not in dev._extra_environment(elsewhere)
    without = Settings(_env_file=None, sandbox_port=0)  # type: ignore[call-arg]
    assert "MESSAGE_INBOX_URL" not in dev._extra_environment(without)


def test_who_tries_the_product_meets_no_velocity_rule_unless_it_was_set() -> None:
    settings = Settings(_env_file=None, velocity_numbers_per_day=3)  # type: ignore[call-arg]
    environment = dev._extra_environment(settings)
    # The others refuse nothing: one alerts the staff, one says how long a bound holds.
    bounds = {name.upper() for name in Velocity.model_fields if not {"alert", "hours"} & set(name.split("_"))}
    left_alone = bounds - environment.keys()
    assert left_alone == {"VELOCITY_NUMBERS_PER_DAY"}
    assert all(int(value) >= 1000 for name, value in environment.items() if name.startswith("VELOCITY"))


def test_the_printed_recharge_is_valid_shell() -> None:
    script = recharge_example("http://127.0.0.1:8000", "111111")
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    assert all(len(line) < 120 for line in script.splitlines())


def begin_dev(folder: Path, output: Path, forked: bool, **more: object) -> Process:
    """Start `gencharge dev`; with `forked` in a process that has loaded the product already (tests/make/forked_dev.py)."""
    own = environment(folder, **more)
    if forked and sys.platform == "linux":
        return fork_server.start("tests.make.forked_dev", "dev", folder=folder, log=output, environment=own)
    command = [sys.executable, "-m", "gencharge", "dev"]
    with output.open("ab") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=folder, env=own
        )


class Run:
    """`gencharge dev` in the background, `forked` or from nothing."""

    def __init__(self, folder: Path, port: int, sandbox_port: int = 0, *, forked: bool = False) -> None:
        self.folder = folder
        self.output = folder / "output"
        self.output.write_bytes(b"")
        self._started = begin_dev(folder, self.output, forked, PORT=port, SANDBOX_PORT=sandbox_port)
        self.process = psutil.Process(self._started.pid)
        try:
            self._wait()
        except BaseException:
            # A test that does not get its installation has nobody who stops it.
            self.kill()
            raise
        # They are forked a moment after they were asked for.
        for name in ("serve", "worker", *(["sandbox"] if sandbox_port else [])):
            self.child(name)
        self.children = self.process.children(recursive=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + 300  # for one that hangs: a busy machine has taken two minutes
        while "A first recharge, to paste" not in self.text():
            assert self._started.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.02)

    def kill(self) -> None:
        """End it with all its processes, by force. It may have ended already."""
        with suppress(psutil.NoSuchProcess):
            for process in (*self.process.children(recursive=True), self.process):
                process.kill()
        self._started.wait()

    def text(self) -> str:
        """What it printed so far."""
        return self.output.read_text()

    def child(self, name: str) -> psutil.Process:
        """The process that runs this command of `gencharge`, once it does."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for child in self.process.children(recursive=True):
                if command_line(child).split()[-2:] == ["gencharge", name]:
                    return child
            time.sleep(0.02)
        raise AssertionError(f"gencharge {name} does not run: {self.text()}")

    def end(self) -> int:
        """Wait for its end and that of all its processes; the exit code."""
        try:
            # Longer than a stop by force takes: 12 s for the API and the worker, 20 s for each store.
            code = self._started.wait(120)
        except subprocess.TimeoutExpired:
            left = [line for child in self.children if (line := command_line(child))]
            self.kill()
            pytest.fail(f"gencharge dev did not end; still there: {left}; it printed:\n{self.text()}")
        assert outliving(self.children, seconds=10) == []
        return code


def test_dev_serves_survives_kill_reports_a_dead_child_and_stops_on_ctrl_c(folder: Path, port: int) -> None:
    prepare(folder)  # tests/test_readme.py starts with nothing
    first = Run(folder, port)
    assert "111111" in first.text()
    assert httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    assert {"postgres", "mongod", "redis-server"} <= names(first.children)
    first.process.kill()
    first.end()

    second = Run(folder, port, forked=True)
    second.child("worker").kill()
    assert second.end() == 1
    assert "gencharge worker was killed by SIGKILL" in second.text()

    sandbox_port = free_port()
    third = Run(folder, port, sandbox_port, forked=True)
    assert f"http://127.0.0.1:{sandbox_port}, the sandbox" in third.text()
    sandbox = httpx.Client(
        transport=httpx.HTTPTransport(retries=8), base_url=f"http://127.0.0.1:{sandbox_port}"
    )
    with sandbox:  # It is not waited for, so that the start takes no longer; asked for a minute.
        assert sandbox.get("/health/live").status_code == 200
    token = gencharge(folder, "login", "9000001001", PORT=port)
    assert token.returncode == 0, token.stderr
    profile = httpx.get(
        f"http://127.0.0.1:{port}/v1/wallet", headers={"Authorization": f"Bearer {token.stdout.strip()}"}
    )
    assert profile.status_code == 200
    refused = gencharge(folder, "login", "12", PORT=port)
    assert refused.returncode == 1
    assert refused.stderr.startswith("body.phone_number: ")
    doctor = gencharge(folder, "doctor", PORT=port, SANDBOX_PORT=sandbox_port)
    assert doctor.returncode == 0, doctor.stdout
    assert f"http://127.0.0.1:{sandbox_port}" in doctor.stdout
    third.process.send_signal(signal.SIGINT)
    assert third.end() == 0
    assert "Stopped. The data is kept in" in third.text()
