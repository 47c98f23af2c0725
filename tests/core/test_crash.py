"""Points at which a process can be made to die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from gencharge.core import crash
from gencharge.core.config import Settings

PROGRAM = """
import asyncio
from gencharge.core import crash

async def pass_by(number):
    await crash.point("elsewhere")
    print("came", number, flush=True)
    await crash.point("here")
    print("passed", number, flush=True)

async def main():
    await asyncio.gather(*(pass_by(number) for number in range(3)))

asyncio.run(main())
"""


def run(where: str | None) -> tuple[int, list[str], float]:
    environment = {key: value for key, value in os.environ.items() if key != crash.VARIABLE}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env=environment | ({} if where is None else {crash.VARIABLE: where}),
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
    assert (seconds >= crash.PATIENCE_SECONDS) == (count > 3)


async def test_the_first_who_comes_where_one_is_enough_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    monkeypatch.setattr(crash, "_where", "here")
    monkeypatch.setattr(crash, "PATIENCE_SECONDS", 0)
    await crash.point("elsewhere")
    assert killed == []
    await crash.point("here")
    assert killed == [(os.getpid(), signal.SIGKILL)]


def test_production_does_not_start_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(crash.VARIABLE, "here")
    with pytest.raises(ValueError, match=f"{crash.VARIABLE}: never in production"):
        Settings(_env_file=None, environment="production")  # type: ignore[arg-type, call-arg]
