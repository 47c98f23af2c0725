"""A life is clean at its end, the same seed gives the same one, and each planted bug is found."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.run.sample import SandboxInside
from simulation.driver import simulate
from simulation.inspection import Report
from simulation.town import Size
from tests.conftest import database_of, test_settings
from tests.simulation.planted import LONG, PLANTED, InSql, planted, source_with

SMALL = Size(days=15, customers=20, seed=1, crashes=0.02)
# What of the corpus is looked for in each run of the suite: it shows with the first recharge.
QUICK = "nobody is told of a recharge"


@pytest.fixture
def new_settings(servers: Path, worker_id: str, tmp_path: Path) -> Callable[[], Settings]:
    """Settings of a new database each time, with a sandbox of its own."""
    numbers = count()

    def make() -> Settings:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        database = database_of(servers, worker_id, "simulation")
        # PostgreSQL's database is dropped and made again; what earlier lives left in MongoDB would be found as a bug.
        return test_settings(
            servers, database, data_dir=folder, mongo_database=f"{database}_{uuid4().hex[:8]}"
        )

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
        "recharges with the offer Forty off",
        "rewards paid",
    ):
        assert report.counts[what] > 0, what
    assert any(what.startswith("crashes at ") for what in report.counts)


@pytest.mark.soak
@pytest.mark.parametrize("crashes", [0.0, 0.02])
async def test_the_same_seed_gives_the_same_life(
    new_settings: Callable[[], Settings], crashes: float
) -> None:
    size = Size(days=60, customers=100, seed=3, crashes=crashes)
    first, again = await life_of(new_settings(), size), await life_of(new_settings(), size)
    assert first.problems == []
    assert (again.counts, again.refused, again.digest) == (first.counts, first.refused, first.digest)
    assert (await life_of(new_settings())).digest != first.digest


async def test_a_planted_bug_is_found(new_settings: Callable[[], Settings]) -> None:
    settings = new_settings()
    with planted(settings, PLANTED[QUICK]):
        report = await life_of(settings, Size(days=3, customers=3, seed=1))
    assert report.problems


def test_each_bug_has_its_place_in_the_code() -> None:
    for bug in PLANTED.values():
        if isinstance(bug, InSql):
            assert source_with(bug)
        else:
            assert hasattr(bug.owner, bug.name)


@pytest.mark.soak
@pytest.mark.parametrize("name", PLANTED)
async def test_each_planted_bug_is_found(new_settings: Callable[[], Settings], name: str) -> None:
    settings, bug = new_settings(), PLANTED[name]
    with planted(settings, bug):
        report = await life_of(settings, bug.life)
    assert report.problems, name


@pytest.mark.soak
@pytest.mark.parametrize("life", sorted({bug.life for bug in PLANTED.values()} - {LONG}, key=repr), ids=repr)
async def test_the_lives_of_the_bugs_are_clean_without_them(
    new_settings: Callable[[], Settings], life: Size
) -> None:
    assert (await life_of(new_settings(), life)).problems == []


@pytest.mark.soak
@pytest.mark.parametrize("crashes", [0.0, 0.1])
async def test_without_a_bug_nothing_is_found(new_settings: Callable[[], Settings], crashes: float) -> None:
    report = await life_of(new_settings(), replace(LONG, crashes=crashes))
    assert report.problems == []
    for what in (
        "complaints about recharges",
        "wrong operators refused",
        "queued plans given back",
        "queued plans started",
        "bills paid by hand",
        "bills paid by autopay",
        "automatic top-ups succeeded",
    ):
        assert report.counts[what] > 0, what
