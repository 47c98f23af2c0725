"""The process that loads is begun first, and ends with a `gencharge dev` that does not start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from gencharge.run import early

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
BEGIN = """
import json, sys
from gencharge.run import early
early.begin()
loader = early._begun
print(json.dumps([loader.process.pid, loader.process.args[-1]]), flush=True)
{then}
"""


def pid_after(then: str, folder: Path) -> int:
    """The process that loads, after a process that has begun it has ended by itself."""
    answer = subprocess.run(
        [sys.executable, "-c", BEGIN.format(then=then)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stderr == ""
    pid, module = json.loads(answer.stdout)
    assert module == "gencharge.run.forking"
    return int(pid)


@pytest.mark.parametrize("then", ["", "sys.exit(78)", "import os; os.kill(os.getpid(), 9)"])
def test_one_that_nobody_takes_ends_with_its_parent(then: str, tmp_path: Path) -> None:
    pid, end = pid_after(then, tmp_path), time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that only writes, and waits for the end of its socket."""
    code = "import os; print('no such module', flush=True); os.read(0, 1)"
    monkeypatch.setattr(early, "_COMMAND", (sys.executable, "-c", code))
    early.begin()
    yield
    early._end()


@pytest.mark.usefixtures("begun")
def test_what_it_writes_is_kept_and_it_is_taken_once() -> None:
    loader = early.take()
    assert loader is not None
    assert early.take() is None
    loader.channel.close()
    assert loader.process.wait(30) == 0
    assert loader.log.read_text() == "no such module\n"
    os.close(int(loader.log.name))
