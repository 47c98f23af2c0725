"""Percentiles of delivery times: the bound that so many percent of the deliveries stay below."""

from __future__ import annotations

import random

import pytest

from gencharge.analytics.delivery_times import percentile
from gencharge.analytics.models import WAITS


@pytest.mark.parametrize(
    ("waits", "percent", "seconds"),
    [
        ({}, 50, None),
        ({"1": 1}, 99, 1),
        ({"1": 50, "900": 50}, 50, 1),
        ({"1": 49, "900": 51}, 50, 900),
        ({"1": 98, "more": 2}, 95, 1),
        ({"1": 98, "more": 2}, 99, None),
    ],
)
def test_it_is_the_first_bound_that_enough_stay_below(
    waits: dict[str, int], percent: int, seconds: int | None
) -> None:
    assert percentile(waits, percent) == seconds


def test_it_is_the_bound_of_the_very_delivery_at_that_rank() -> None:
    chance = random.Random(1)
    for _ in range(300):
        times = [chance.choice([*range(20), 45, 250, 800, 5_000]) for _ in range(chance.randint(1, 60))]
        waits = {str(bound): 0 for bound in WAITS}
        for seconds in times:
            bound = next((str(bound) for bound in WAITS if seconds < bound), "more")
            waits[bound] = waits.get(bound, 0) + 1
        for percent in (50, 95, 99):
            rank = -(-len(times) * percent // 100)
            at = sorted(times)[rank - 1]
            assert percentile(waits, percent) == next((bound for bound in WAITS if at < bound), None)
