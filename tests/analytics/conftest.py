"""A life that the figures are of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from filelock import FileLock

from gencharge.core.stores.stores import Stores
from gencharge.run.sample import SandboxInside
from simulation.driver import simulate
from simulation.town import Size
from tests.conftest import database_of, fresh_database, test_settings


@pytest.fixture(scope="module")
async def lived(
    servers: Path, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stores]:
    """A town's life of fifteen days, with refunds, offers, failures and crashes.

    It is lived once in a run. Each file has a copy of PostgreSQL's database; MongoDB's is the same for all, and only read.
    """
    folder = tmp_path_factory.mktemp("analytics")
    # In a thread: the loop goes on while another worker has the lock.
    template = await asyncio.to_thread(_template, servers, folder)
    database = database_of(servers, worker_id, "analytics", template=template)
    stores = Stores.open(
        test_settings(servers, database, data_dir=folder, mongo_database=template.replace("_test", "_mongo"))
    )
    yield stores
    await stores.close()


def _template(servers: Path, folder: Path) -> str:
    """The name of a database with the life in it, which nobody is connected to."""
    marker = servers / "lived"
    with FileLock(servers / "lived.lock"):
        if not marker.exists():
            name = fresh_database(servers, f"gencharge_lived_{uuid4().hex[:8]}_test")
            asyncio.run(_live(servers, name, folder))
            marker.write_text(name, encoding="utf-8")
    return marker.read_text(encoding="utf-8")


async def _live(servers: Path, name: str, folder: Path) -> None:
    stores = Stores.open(
        test_settings(servers, name, data_dir=folder, mongo_database=name.replace("_test", "_mongo"))
    )
    try:
        with closing(SandboxInside(stores.settings)) as outside:
            report = await simulate(stores, outside, Size(days=20, customers=32, seed=2, crashes=0.02))
        assert report.problems == []
    finally:
        await stores.close()
