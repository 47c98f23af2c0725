"""A process goes on at its own pace if its machine's clock jumps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gencharge.core.values import clock


@pytest.fixture(autouse=True)
def _course() -> Iterator[None]:
    """Each test leaves the process's course as it was."""
    before = clock._Course.zero
    yield
    clock._Course.zero = before


def jump(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    shown = time.time
    monkeypatch.setattr(time, "time", lambda: shown() + seconds)


def test_now_is_what_the_machine_says_in_utc() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize("seconds", [3600, -3600, 10 * 86_400, 3])
def test_a_jump_of_the_machines_clock_is_not_followed(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    before = clock.now()
    jump(monkeypatch, seconds)
    assert timedelta() <= clock.now() - before < timedelta(seconds=1)
    assert clock.jumped_by() == pytest.approx(seconds, abs=0.5)


@pytest.mark.parametrize("seconds", [1, -1])
def test_a_small_correction_is_followed(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    before = clock.seconds()
    jump(monkeypatch, seconds)
    assert clock.seconds() - before == pytest.approx(seconds, abs=0.5)


def test_a_process_that_began_with_a_wrong_clock_is_corrected_and_follows_its_machine_once_that_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = time.time
    clock.correct(-600)
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time", lambda: right() + 600)
        assert clock.seconds() - right() == pytest.approx(600, abs=0.5)
        clock.correct(600)
        assert clock.seconds() == pytest.approx(right(), abs=0.5)
        assert clock.jumped_by() == pytest.approx(600, abs=0.5)
    assert clock.seconds() == pytest.approx(right(), abs=0.5)
    assert clock.jumped_by() == pytest.approx(0, abs=0.5)


def test_a_held_clock_does_not_move_what_other_machines_are_told() -> None:
    with clock.later(days=3):
        assert clock.now() - datetime.now(UTC) > timedelta(days=2)
        assert clock.seconds() == pytest.approx(time.time(), abs=0.5)
