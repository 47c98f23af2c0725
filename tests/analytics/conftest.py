"""A life that the figures are of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from gencharge.core.stores.stores import Stores
from gencharge.run.sample import SandboxInside
from simulation.driver import simulate
from simulation.town import Size
from tests.conftest import database_of, test_settings


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
            # PostgreSQL's database is made again for each file; what another life left in MongoDB would be found as a bug.
            mongo_database=f"{database}_{uuid4().hex[:8]}",
        )
    )
    try:
        with closing(SandboxInside(stores.settings)) as outside:
            report = await simulate(stores, outside, Size(days=20, customers=24, seed=2, crashes=0.02))
        assert report.problems == []
        yield stores
    finally:
        await stores.close()
