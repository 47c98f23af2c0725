"""A forked process is one of its own: its words, folder, environment, output, exit code and chance; and it outlives nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.make.fork_server import Forked, ForkServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    """One that has loaded little."""
    server = ForkServer(["random", "gencharge.core.values.ids"])
    yield server
    server.stop()


def run(server: ForkServer, folder: Path, code: str, **environment: str) -> Forked:
    """A process that runs this code; its output goes to `log` in the folder."""
    (folder / "program.py").write_text(code)
    words = ("one", "two")
    return server.start("program", *words, folder=folder, log=folder / "log", environment=environment)


def lines(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def test_it_has_its_own_words_folder_environment_and_session(server: ForkServer, tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), dict(os.environ), os.getpid() == os.getsid(0), sys.argv[1:])"
    process = run(server, tmp_path, code, NAME="value")
    assert process.wait(WAIT_SECONDS) == 0
    assert lines(tmp_path) == [f"{tmp_path} {{'NAME': 'value'}} True ['one', 'two']"]
    assert process.poll() == 0


def test_two_have_no_chance_in_common(server: ForkServer, tmp_path: Path) -> None:
    code = "import random; from gencharge.core.values.ids import new_id; print(random.random(), str(new_id())[14:])"
    for _ in range(2):
        assert run(server, tmp_path, code).wait(WAIT_SECONDS) == 0
    chances = [line.split() for line in lines(tmp_path)]
    assert len({number for number, _ in chances}) == len({rest for _, rest in chances}) == len(chances) == 2


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("raise SystemExit(7)", 7),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_its_exit_code_is_told(server: ForkServer, tmp_path: Path, code: str, outcome: int) -> None:
    assert run(server, tmp_path, code).wait(WAIT_SECONDS) == outcome


def test_it_runs_until_a_signal_ends_it(server: ForkServer, tmp_path: Path) -> None:
    process = run(server, tmp_path, "import time; time.sleep(600)")
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(WAIT_SECONDS) == -signal.SIGTERM
    process.send_signal(signal.SIGTERM)  # to nobody


def test_a_point_to_die_at_is_read_again(server: ForkServer, tmp_path: Path) -> None:
    code = "import asyncio; from gencharge.core import faultpoints; asyncio.run(faultpoints.point('here'))"
    assert run(server, tmp_path, code).wait(WAIT_SECONDS) == 0
    died = run(server, tmp_path, code, GENCHARGE_CRASH_AT="here")
    assert died.wait(WAIT_SECONDS) == -signal.SIGKILL
    assert "crash at here: 1 reached" in lines(tmp_path)


def test_none_outlives_the_server(tmp_path: Path) -> None:
    server = ForkServer([])
    forked = run(server, tmp_path, "import time; time.sleep(600)")
    process = psutil.Process(forked.pid)
    os.kill(server.process.pid, signal.SIGKILL)
    end = time.monotonic() + WAIT_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.02)
    with pytest.raises(EOFError, match="the fork server has ended"):
        forked.wait(WAIT_SECONDS)
    server.stop()
