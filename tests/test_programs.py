"""The programs of `gencharge dev`, forked from one process that has loaded the product, or each loading it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import httpx
import psutil
import pytest

from gencharge.run import early, programs
from gencharge.run.embedded import ServerFailed
from gencharge.run.programs import Forked, Programs, Spawned
from tests import test_dev
from tests.make import fork_server
from tests.make.process_table import command_line, outliving

WAIT_SECONDS = 60
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
both_kinds = pytest.mark.parametrize("kind", [pytest.param(Forked, marks=on_linux), Spawned])


class Loaded:
    """What `spawn` returns, of `python -m ...` in a process that has loaded the product already."""

    def __init__(self, words: Sequence[str], log: Path, stdin: int, environment: Mapping[str, str]) -> None:
        code = (
            "import os, runpy, sys\n"
            f"log = os.open({str(log)!r}, os.O_WRONLY | os.O_APPEND); os.dup2(log, 1); os.dup2(log, 2)\n"
            f"sys.argv = {list(words)!r}; runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
        )
        self.stdin: IO[bytes] | None = None
        if stdin == subprocess.PIPE:
            stdin, ours = os.pipe()
            self.stdin = os.fdopen(ours, "wb")
        self._process = fork_server.begin(
            code, folder=log.parent, environment=environment, stdin=stdin if stdin >= 0 else None
        )
        if self.stdin is not None:
            os.close(stdin)
        self.pid, self.poll, self.wait = self._process.pid, self._process.poll, self._process.wait

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """End it, and close its pipes."""
        self._process.end()
        if self.stdin is not None:
            self.stdin.close()


class Family:
    """Programs in a folder without stores, and the processes that they are."""

    def __init__(self, make: type[Programs], folder: Path) -> None:
        self.port = test_dev.free_port()
        self.programs = make(folder / "logs", {"SANDBOX_PORT": str(self.port)})
        self.spawned: list[Loaded] = []

    def spawn(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        log: Path,
        stdin: int,
        environment: Mapping[str, str] | None = None,
    ) -> Loaded:
        """In place of the real one, which loads the product."""
        del folder
        self.spawned.append(Loaded(command[2:], log, stdin, environment or os.environ))
        return self.spawned[-1]

    def processes(self) -> list[psutil.Process]:
        """All that run."""
        own = [psutil.Process(each.pid) for each in self.spawned if each.poll() is None]
        return [*own, *(child for each in own for child in each.children(recursive=True))]

    def start_sandbox(self) -> psutil.Process:
        """Start the sandbox, and wait until it answers; its process."""
        self.programs.start("sandbox")
        client = httpx.Client(transport=httpx.HTTPTransport(retries=8))
        with client:
            assert (
                client.get(f"http://127.0.0.1:{self.port}/health/live", timeout=WAIT_SECONDS).status_code
                == 200
            )
        if isinstance(self.programs, Forked):
            return next(each for each in self.processes() if command_line(each).split()[-1] == "sandbox")
        return psutil.Process(self.spawned[-1].pid)

    def problem(self) -> str:
        """What is said when the first one ends by itself."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                self.programs.check()
            except ServerFailed as problem:
                return str(problem)
            time.sleep(0.01)
        raise AssertionError("none has ended")


@pytest.fixture
def family(kind: type[Programs], monkeypatch: pytest.MonkeyPatch) -> Iterator[Family]:
    """Programs of this kind, none of them started."""
    folder = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    family = Family(kind, folder)
    for name in [name for name in os.environ if name.endswith("_URL")]:
        monkeypatch.delenv(name)
    for name, value in test_dev.environment(folder, PORT=test_dev.free_port(), SANDBOX_PORT=0).items():
        monkeypatch.setenv(name, value)
    for module in (programs, early):
        monkeypatch.setattr(module, "spawn", family.spawn)
    yield family
    for process in family.processes():
        process.kill()
    for each in family.spawned:
        each.close()
    shutil.rmtree(folder, ignore_errors=True)


@both_kinds
def test_one_that_ends_by_itself_is_named_with_its_last_words(family: Family) -> None:
    family.programs.load()
    family.programs.start("serve")
    family.programs.start("serve")  # it runs already
    words = family.problem()
    assert words.startswith("gencharge serve ended with code 1; its last lines:\n")
    assert "isn't reachable: start it with `make run` or set DATABASE_URL" in words
    log = family.programs.log_of("serve").read_text()
    assert log.count("isn't reachable") == 1
    assert family.programs.news() == log
    assert family.programs.news() == ""
    family.programs.stop()
    assert family.processes() == []


@both_kinds
def test_one_that_is_to_end_is_waited_for_and_has_our_own_environment(family: Family) -> None:
    family.programs.load()
    family.programs.begin("doctor")
    family.programs.finish("doctor")
    words = family.programs.log_of("doctor").read_text()
    assert "Nothing is wrong." in words
    assert str(family.port) not in words, "the sandbox's port is for the programs that serve"
    family.programs.check()
    assert family.programs.news() == ""
    family.programs.begin("seed")
    with pytest.raises(ServerFailed, match=r"gencharge seed ended with code 1(.|\n)*isn't reachable"):
        family.programs.finish("seed")
    family.programs.stop()


@both_kinds
def test_one_that_is_killed_is_named_with_the_signal(family: Family) -> None:
    family.programs.load()
    family.start_sandbox().kill()
    assert family.problem().startswith("gencharge sandbox was killed by SIGKILL")
    family.programs.stop()
    assert family.processes() == []


@both_kinds
def test_those_that_run_are_fine_and_end_with_the_stop(family: Family) -> None:
    family.programs.load()
    family.start_sandbox()
    family.programs.check()
    running = family.processes()
    assert len(running) == 2, "the sandbox, and what has loaded the API"
    family.programs.stop()
    assert outliving(running, seconds=1) == []


@both_kinds
@pytest.mark.parametrize("begin", [lambda _programs: None, Programs.load], ids=["nothing", "loading"])
def test_a_stop_before_anything_runs_leaves_nothing(
    family: Family, begin: Callable[[Programs], None]
) -> None:
    begin(family.programs)
    family.programs.stop()
    assert family.processes() == []


@on_linux
@pytest.mark.parametrize("kind", [Forked])
def test_without_the_process_that_has_loaded_them_none_goes_on(family: Family) -> None:
    family.programs.load()
    sandbox = family.start_sandbox()
    family.spawned[0].kill()
    assert family.problem().startswith(
        "the process that loads the API, the worker and the sandbox was killed by SIGKILL"
    )
    family.programs.stop()
    assert outliving([sandbox], seconds=1) == []


@on_linux
@pytest.mark.parametrize("kind", [Forked])
def test_what_does_not_answer_the_stop_is_ended_by_force(
    family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_FORCE_SECONDS", 0.2)
    family.programs.load()
    sandbox = family.start_sandbox()
    family.programs.check()
    os.kill(family.spawned[0].pid, signal.SIGSTOP)
    family.programs.stop()
    assert outliving([sandbox], seconds=5) == []
    assert family.processes() == []
