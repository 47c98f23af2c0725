"""The benchmark's own parts that a run cannot show to be wrong."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from bench import __main__ as benchmark
from bench.alternate import Slice
from bench.offers import PLAIN, Ratio
from bench.world import World


def test_the_world_has_tokens_on_a_machine_that_was_just_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path)
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)
    tokens = world.tokens()
    assert len(tokens) == len(world.customers)
    assert world.tokens() is tokens


@pytest.mark.parametrize("words", [[], ["drip"], ["steady"]])
def test_a_measurement_that_is_told_to_stop_cleans_up(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    cleaned_up = []

    def measure(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleaned_up.append(True)

    monkeypatch.setattr(benchmark, "main", measure)
    monkeypatch.setattr(benchmark, "_OTHERS", {"drip": measure, "steady": measure})
    # Ignored unless the benchmark takes it, so that a failure does not end the tests.
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit):
            benchmark.run(words)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert cleaned_up == [True]


def test_what_an_offer_costs_is_the_median_of_the_turns_own_ratios() -> None:
    """A machine that slows down between two turns changes the speeds and not the ratios."""
    turns = [
        {PLAIN: Slice(speed, 0, 0), "discount": Slice(speed * ratio, 0, 0)}
        for speed, ratio in ((1_000.0, 0.8), (100.0, 0.9), (10.0, 0.7))
    ]
    assert Ratio.of(turns, "discount").middle == pytest.approx(0.8)
    assert Ratio.of(turns[:1], "discount") == Ratio(0.8, 0.8, 0.8)
