"""A life is clean at its end, the same seed gives the same one, and each planted bug is found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run.sample import SandboxInside
from simulation.driver import simulate
from simulation.inspection import Report
from simulation.town import Size
from tests.conftest import database_of, test_settings
from tests.simulation.planted import PLANTED, planted

SMALL = Size(days=25, customers=20, seed=1)
# What of the corpus is looked for in each run of the suite; all of it in the soak.
SHORT = {"a refund gives a rupee too much"}


@pytest.fixture
def new_settings(servers: Path, worker_id: str, tmp_path: Path) -> Callable[[], Settings]:
    """Settings of a new database each time, with a sandbox of its own."""
    numbers = count()

    def make() -> Settings:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return test_settings(servers, database_of(servers, worker_id, "simulation"), data_dir=folder)

    return make


async def life_of(settings: Settings, size: Size = SMALL) -> Report:
    """Live it, and inspect it."""
    stores = Stores.open(settings)
    try:
        with closing(SandboxInside(settings)) as outside:
            return await simulate(stores, outside, size)
    finally:
        await stores.close()


async def test_a_life_with_troubles_of_all_kinds_is_clean(new_settings: Callable[[], Settings]) -> None:
    report = await life_of(new_settings())
    assert report.problems == []
    for what in (
        "customers",
        "recharges",
        "delivered",
        "failed",
        "top-ups paid",
        "top-ups declined",
        "refunds",
    ):
        assert report.counts[what] > 0, what


@pytest.mark.soak
async def test_the_same_seed_gives_the_same_life(new_settings: Callable[[], Settings]) -> None:
    size = Size(days=60, customers=100, seed=3)
    first, again = await life_of(new_settings(), size), await life_of(new_settings(), size)
    assert first.problems == []
    assert (again.counts, again.refused, again.digest) == (first.counts, first.refused, first.digest)
    assert (await life_of(new_settings())).digest != first.digest


@pytest.mark.parametrize(
    "name", [name if name in SHORT else pytest.param(name, marks=pytest.mark.soak) for name in PLANTED]
)
async def test_each_planted_bug_is_found(new_settings: Callable[[], Settings], name: str) -> None:
    settings = new_settings()
    with planted(settings, PLANTED[name]):
        report = await life_of(settings)
    assert report.problems, name
