"""The clocks of an installation are compared, and one that is off is named with what to do."""

from __future__ import annotations

import asyncio
import time

import pytest

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run import clocks, doctor


async def test_a_worker_measures_its_clock_and_doctor_reads_it(
    settings: Settings, stores: Stores, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert abs(await clocks.measure(stores)) < clocks.ALLOWED_SECONDS
    seen = await asyncio.to_thread(clocks.read, settings)
    [worker] = [name for name in seen if name.startswith("worker ")]
    assert {"PostgreSQL", "Redis", worker} <= set(seen)
    assert max(map(abs, seen.values())) < clocks.ALLOWED_SECONDS
    assert clocks.problem_with(seen) == ""
    real = time.time
    with monkeypatch.context() as moved:
        moved.setattr(time, "time", lambda: real() + 600)
        assert 595 < await clocks.measure(stores) < 605
    assert "clock_is_off" in capsys.readouterr().out
    assert 595 < telemetry.CLOCK_AHEAD.collect()[0].samples[0].value < 605
    row = await asyncio.to_thread(doctor._examine_clocks, settings)
    assert f"{worker} is 600 s ahead of this machine" in row.problem
    assert "NTP" in row.problem
    await stores.redis.delete(f"gencharge:clock:{worker}")


async def test_a_machine_that_is_behind_sees_all_the_others_ahead(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    seen = clocks.read(settings)
    assert all(3595 < seen[name] < 3605 for name in ("PostgreSQL", "Redis"))
    assert "PostgreSQL is 3600 s ahead of this machine; Redis is 3600 s ahead" in clocks.problem_with(seen)


def test_the_one_that_is_off_is_named_with_its_direction() -> None:
    problem = clocks.problem_with({"PostgreSQL": 0.3, "API": -61.2, "Redis": 4.9})
    assert problem == "API is 61 s behind this machine: set the clocks by NTP (timedatectl set-ntp true)"


def test_nothing_that_runs_is_nothing_wrong(settings: Settings) -> None:
    nowhere = settings.model_copy(
        update={"database_url": "postgresql://nobody@127.0.0.1:9/x", "redis_url": "redis://127.0.0.1:9/0"}
    )
    assert clocks.examine(nowhere) == ("nothing runs that has another clock", "")
