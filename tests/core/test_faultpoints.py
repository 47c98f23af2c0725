"""Points at which a process can be made to die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from gencharge.core import faultpoints
from gencharge.core.settings import Settings

PROGRAM = """
import asyncio
from gencharge.core import faultpoints

async def pass_by(number):
    await faultpoints.point("elsewhere")
    print("came", number, flush=True)
    await faultpoints.point("here")
    print("passed", number, flush=True)

async def main():
    await asyncio.gather(*(pass_by(number) for number in range(3)))

asyncio.run(main())
"""


def run(where: str | None) -> tuple[int, list[str], float]:
    environment = {key: value for key, value in os.environ.items() if key != faultpoints.VARIABLE}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env=environment | ({} if where is None else {faultpoints.VARIABLE: where}),
    )
    return done.returncode, done.stdout.splitlines(), time.monotonic() - started


def test_without_the_variable_nobody_stops() -> None:
    code, lines, _ = run(None)
    assert (code, sum(line.startswith("passed") for line in lines)) == (0, 3)


@pytest.mark.parametrize("count", [3, 4])
def test_the_process_dies_by_kill_9_once_all_have_come_or_nobody_more_does(count: int) -> None:
    code, lines, seconds = run(f"here:{count}")
    assert code == -signal.SIGKILL
    assert sorted(lines) == ["came 0", "came 1", "came 2"]
    assert (seconds >= faultpoints.PATIENCE_SECONDS) == (count > 3)


async def test_the_first_who_comes_where_one_is_enough_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    monkeypatch.setattr(faultpoints, "_where", "here")
    monkeypatch.setattr(faultpoints, "PATIENCE_SECONDS", 0)
    await faultpoints.point("elsewhere")
    assert killed == []
    await faultpoints.point("here")
    assert killed == [(os.getpid(), signal.SIGKILL)]


def test_production_does_not_start_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(faultpoints.VARIABLE, "here")
    with pytest.raises(ValueError, match=f"{faultpoints.VARIABLE}: never in production"):
        Settings(_env_file=None, environment="production")  # type: ignore[arg-type, call-arg]
