"""One loaded process forks programs: each is one of its own, its end is told, and none outlives the parent or the loader."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest

from gencharge.run.forking import MAX_BYTES, Request
from tests.make import fork_server
from tests.make.process_table import command_line, outliving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
WAIT_SECONDS = 60
# `main` with programs of the test's own: NAME is NAME.py in the folder.
LOADER = """
import os, runpy, socket
from gencharge.run import forking
forking.STOP_SECONDS = 0.5
channel = socket.socket(fileno=os.dup(0))
request = forking.Forks(channel).serve()
if request is not None:
    forking.become(request)
    runpy.run_path(f"{request.name}.py")
"""
SLEEP = "import time; print('sleeps', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


class Loader:
    """The process that forks, and the socket to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(WAIT_SECONDS)
        with theirs:
            environment = {**os.environ, "OF_THE_LOADER": "1"}
            self.process = fork_server.begin(
                LOADER, folder=folder, environment=environment, stdin=theirs.fileno()
            )

    def start(self, name: str, code: str, **environment: str) -> psutil.Process:
        """Start a program, and wait until it runs."""
        (self.folder / f"{name}.py").write_text(code)
        request = Request(name, str(self.folder / f"{name}.log"), environment)
        self.channel.send(json.dumps(asdict(request)).encode())
        news = self.news()
        assert news is not None
        assert news["name"] == name
        return psutil.Process(news["pid"])

    def news(self) -> dict[str, Any] | None:
        """The next thing that it tells; None once it has ended, and all programs with it."""
        packet = self.channel.recv(MAX_BYTES)
        news: dict[str, Any] | None = json.loads(packet) if packet else None
        return news

    def written(self, name: str, text: str) -> str:
        """What a program has written, once `text` is in it."""
        log, end = self.folder / f"{name}.log", time.monotonic() + WAIT_SECONDS
        while not log.exists() or text not in log.read_text():
            assert time.monotonic() < end
            time.sleep(0.01)
        return log.read_text()


@pytest.fixture
def loader(tmp_path: Path) -> Iterator[Loader]:
    """One that was told to start nothing yet."""
    loader = Loader(tmp_path)
    yield loader
    loader.process.end()
    loader.channel.close()


def test_a_program_has_its_own_words_environment_output_and_session(loader: Loader) -> None:
    code = (
        "import os, sys; assert sys.stdin.read() == ''\n"
        "own = os.getpid() == os.getsid(0), os.environ['OF_THE_LOADER'], os.environ['MORE']\n"
        "print(*own, sys.argv[1:], 'whole'); print('an error', file=sys.stderr, flush=True)"
    )
    (loader.folder / "one.log").write_text("before\n")
    loader.start("one", code, MORE="2")
    assert loader.news() == {"name": "one", "code": 0}
    lines = loader.written("one", "whole").splitlines()
    assert lines[0] == "before"
    assert sorted(lines[1:]) == ["True 1 2 ['one'] whole", "an error"]


def test_the_table_of_processes_shows_each_program_by_its_own_words(loader: Loader) -> None:
    program = loader.start("worker", SLEEP)
    loader.written("worker", "sleeps")
    assert command_line(program).split() == [sys.executable, "-m", "gencharge", "worker"]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("raise SystemExit(7)", 7),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_the_end_of_a_program_is_told_and_disturbs_no_other(loader: Loader, code: str, outcome: int) -> None:
    other = loader.start("other", SLEEP)
    loader.start("one", code)
    assert loader.news() == {"name": "one", "code": outcome}
    assert other.is_running()


def test_sigterm_stops_all_and_one_that_does_not_listen_is_ended_by_force(loader: Loader) -> None:
    programs = [loader.start("polite", SLEEP), loader.start("stubborn", STUBBORN)]
    loader.written("polite", "sleeps")
    loader.written("stubborn", "sleeps")
    loader.process.send_signal(signal.SIGTERM)
    assert loader.news() == {"name": "polite", "code": -signal.SIGTERM}
    assert loader.news() == {"name": "stubborn", "code": -signal.SIGKILL}
    assert loader.news() is None
    assert loader.process.wait(WAIT_SECONDS) == 0
    assert outliving(programs, seconds=1) == []


def test_the_parents_end_stops_all(loader: Loader) -> None:
    program = loader.start("one", SLEEP)
    loader.channel.close()
    assert loader.process.wait(WAIT_SECONDS) == 0
    assert outliving([program], seconds=1) == []


def test_a_program_outlives_no_killed_loader_and_until_it_has_ended_the_parent_reads_no_end(
    loader: Loader,
) -> None:
    loader.start(
        "one",
        "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), exit()))\n" + SLEEP,
    )
    loader.written("one", "sleeps")
    loader.process.send_signal(signal.SIGKILL)
    began_at = time.monotonic()
    assert loader.news() is None
    assert time.monotonic() - began_at > 0.2


def test_a_program_that_can_not_begin_ends_with_an_error(loader: Loader) -> None:
    (loader.folder / "one.log").mkdir()
    loader.start("one", SLEEP)
    assert loader.news() == {"name": "one", "code": 1}
