"""Two clocks of three say what time it is: this process's, PostgreSQL's and Redis'."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gencharge.core.postgres import maintenance
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.stores.timekeeping import Timekeeper
from gencharge.core.values import clock


@pytest.fixture(autouse=True)
def _course() -> Iterator[None]:
    """Each test leaves the process's course as it was."""
    before = clock._Course.zero
    yield
    clock._Course.zero = before
    clock.lead(False)


@pytest.mark.parametrize("seconds", [3600, -3600])
async def test_a_process_that_is_off_takes_over_what_both_stores_say(
    stores: Stores, seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.correct(-seconds)
    assert clock.seconds() - time.time() == pytest.approx(seconds, abs=0.5)
    began_at = time.monotonic()
    note = await maintenance.read(stores.database)
    await Timekeeper(stores.settings).compare(note.instant, time.monotonic() - began_at)
    assert clock.seconds() == pytest.approx(time.time(), abs=0.5)
    assert "clock_corrected" in capsys.readouterr().out


@pytest.mark.parametrize("seconds", [3600, -3600])
async def test_a_postgresql_that_is_off_alone_is_told_the_time_until_it_is_right_again(
    stores: Stores, seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    timekeeper = Timekeeper(stores.settings)
    assert clock.pinned() is None
    for _ in range(2):
        await timekeeper.compare(time.time() + seconds, 0.001)
    assert clock.seconds() == pytest.approx(time.time(), abs=0.5)
    pinned = clock.pinned()
    assert pinned is not None
    assert pinned.timestamp() == pytest.approx(time.time(), abs=0.5)
    assert capsys.readouterr().out.count("postgresql_clock_is_off") == 1  # and not twice a second
    # An answer that took long says nothing of it.
    await timekeeper.compare(time.time(), 5.0)
    assert clock.pinned() is not None
    await timekeeper.compare(time.time(), 0.001)
    assert clock.pinned() is None


async def test_without_redis_nobody_is_followed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})
    await Timekeeper(away).compare(time.time() + 3600, 0.001)
    assert clock.pinned() is None
    assert "clocks_differ" in capsys.readouterr().out
    assert clock.seconds() == pytest.approx(time.time(), abs=0.5)


async def test_an_answer_that_took_long_says_nothing(stores: Stores) -> None:
    clock.correct(-3600)
    await Timekeeper(stores.settings).compare(time.time(), 5.0)
    assert clock.seconds() - time.time() == pytest.approx(3600, abs=0.5)


async def test_a_machine_whose_clock_jumped_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() - 3600)
    timekeeper = Timekeeper(settings)
    await timekeeper.compare(right(), 0.001)
    assert clock.seconds() == pytest.approx(right(), abs=0.5)
    assert "clock_is_off" in capsys.readouterr().out
