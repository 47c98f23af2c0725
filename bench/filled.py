"""A database with the scale data, on servers of its own, for what is measured at a size."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from rich.console import Console

import scale
from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_mongo_url, embedded_postgres_url, embedded_redis_url
from gencharge.run.embedded import EmbeddedServers
from scale import progress

DATABASE = "gencharge_scale"


@contextmanager
def database(folder: Path | None, size: scale.Size, console: Console) -> Iterator[Settings]:
    """The settings of a database with at least this much in it. `folder`: where the servers' data is and stays; None: in a folder that
    is deleted at the end. Says on `console` how long it took if the data had to be made."""
    where = folder or Path(tempfile.mkdtemp(prefix="gencharge-bench-"))
    try:
        with EmbeddedServers(where):
            settings = _settings(where)
            asyncio.run(_create_database(where))
            migrations.upgrade(settings)
            with progress.shown(Console(stderr=True)) as meter:
                began, used = time.perf_counter(), time.process_time()
                if scale.seed(settings, size, meter):
                    took, own = time.perf_counter() - began, time.process_time() - used
                    console.print(f"The scale data took {took:.0f} s, {own:.0f} s of it CPU of this process.")
            yield settings
    finally:
        if folder is None:
            shutil.rmtree(where, ignore_errors=True)


def _settings(folder: Path) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=folder,
        database_url=embedded_postgres_url(folder, DATABASE),
        mongo_url=embedded_mongo_url(folder),
        mongo_database=DATABASE,
        redis_url=embedded_redis_url(folder),
        access_log=False,
        log_level="WARNING",
    )


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process that uses the same servers and databases."""
    names = ("data_dir", "database_url", "mongo_url", "mongo_database", "redis_url")
    own = {name.upper(): str(getattr(settings, name)) for name in names}
    return dict(os.environ) | own | {"LOG_LEVEL": "WARNING"}


async def _create_database(folder: Path) -> None:
    connection = await asyncpg.connect(embedded_postgres_url(folder, "postgres"))
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
        await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    await connection.close()
