"""A long backup works two thirds of the time."""

from __future__ import annotations

from gencharge.backups.pace import HASTE_SECONDS, Pace


class Clock:
    """Time that passes when somebody works or sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def test_a_long_backup_pauses_for_a_third_of_its_time_and_a_short_one_never() -> None:
    clock = Clock()
    pace = Pace(lambda: clock.now, clock.sleep)
    for _ in range(29):
        clock.now += 0.1
        pace.rest()
    assert (clock.slept, clock.now < 100 + HASTE_SECONDS) == (0, True)
    clock.now = 100 + HASTE_SECONDS
    pace.rest()
    clock.slept, began = 0, clock.now
    for _ in range(3000):
        clock.now += 0.002  # pieces so small that they are paid for together
        pace.rest()
    assert 0.3 < clock.slept / (clock.now - began) < 0.34


def test_a_piece_that_takes_long_is_followed_by_a_short_pause() -> None:
    clock = Clock()
    pace = Pace(lambda: clock.now, clock.sleep)
    clock.now += HASTE_SECONDS
    pace.rest()
    clock.slept = 0
    clock.now += 8
    pace.rest()
    assert clock.slept == 0.25
