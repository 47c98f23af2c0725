"""The figures are what the recharges and the ledger say, to the paisa, whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from gencharge.analytics import service
from gencharge.core.stores.stores import Stores
from gencharge.run.sample import SandboxInside
from simulation.driver import simulate
from simulation.town import Size
from tests.conftest import database_of, test_settings
from tests.make.analytics import differences_of, figures_of, say_nothing


@pytest.fixture(scope="module")
async def lived(
    servers: Path, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stores]:
    """A town's life of fifteen days, with refunds, offers, failures and crashes."""
    database = database_of(servers, worker_id, "analytics")
    stores = Stores.open(
        test_settings(
            servers,
            database,
            data_dir=tmp_path_factory.mktemp("analytics"),
            mongo_database=f"{database}_life",
        )
    )
    try:
        with closing(SandboxInside(stores.settings)) as outside:
            report = await simulate(stores, outside, Size(days=20, customers=24, seed=2, crashes=0.02))
        assert report.problems == []
        yield stores
    finally:
        await stores.close()


async def test_after_a_life_all_figures_are_those_of_the_recharges_and_the_ledger(lived: Stores) -> None:
    assert await differences_of(lived) == []
    totals = [row for row in await figures_of(lived) if row["cut"] == "all"]
    for measure in (
        "sold",
        "delivered",
        "failed",
        "refunds",
        "delivered_discount",
        "cashback",
        "commission",
        "released",
    ):
        assert sum(row[measure] for row in totals) > 0, measure


async def test_each_wrong_figure_is_noticed_and_mended(lived: Stores) -> None:
    before = await figures_of(lived)
    async with lived.database.transaction() as db:
        await db.execute(
            text(
                "UPDATE recharge_figures SET delivered_price = delivered_price + 1 WHERE cut = 'all' AND delivered > 0"
            )
        )
        await db.execute(text("DELETE FROM recharge_figures WHERE cut = 'hour'"))
    wrong = await differences_of(lived)
    assert {row.get("cut", "ledger") for row in wrong} == {"all", "hour", "ledger"}
    await service.rebuild(lived.database, say_nothing)
    assert await differences_of(lived) == []
    assert await figures_of(lived) == before
