"""A provider that is away is tried by one message at a time, after growing pauses."""

from __future__ import annotations

from gencharge.messages.circuit import FAILURES, PAUSES_SECONDS, Circuit


class Hand:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def failing(clock: Hand, times: int = FAILURES) -> Circuit:
    circuit = Circuit(clock)
    for _ in range(times):
        circuit.record(is_up=False)
    return circuit


def test_a_few_failures_change_nothing() -> None:
    circuit = failing(Hand(), FAILURES - 1)
    assert circuit.places(32, 0) == 32
    circuit.record(is_up=True)
    circuit.record(is_up=False)
    assert circuit.places(32, 3) == 32, "a success in between begins the count again"


def test_after_the_pause_one_message_tries_it() -> None:
    clock = Hand()
    circuit = failing(clock)
    assert circuit.places(32, 0) == 0
    clock.seconds += PAUSES_SECONDS[0]
    assert circuit.places(32, 0) == 1
    assert circuit.places(32, 1) == 0, "one at a time"
    circuit.record(is_up=False)
    clock.seconds += PAUSES_SECONDS[0]
    assert circuit.places(32, 0) == 0, "the second pause is longer"
    clock.seconds += PAUSES_SECONDS[1]
    circuit.record(is_up=True)
    assert circuit.places(32, 0) == 32


def test_the_pauses_stop_growing() -> None:
    clock = Hand()
    circuit = failing(clock, FAILURES + 50)
    clock.seconds += PAUSES_SECONDS[-1]
    assert circuit.places(32, 0) == 1
