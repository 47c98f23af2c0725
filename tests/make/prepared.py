"""A data folder with the tables, and with the sample data in them, made once in a run of the tests and copied from then on.

An empty one costs each test that starts an installation seconds of initdb, migrations and sample data.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_postgres_url
from gencharge.run.embedded import EmbeddedServers
from gencharge.seed import seed


def prepare(folder: Path, *, sample: bool = True) -> None:
    """Put a PostgreSQL cluster with the tables into a data folder that has none, and the sample data unless `sample` says no."""
    run = Path(os.environ["GENCHARGE_TEST_SERVERS"])
    with FileLock(run / "prepared.lock"):
        original = _original(run, sample=sample)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(original / "postgres", folder / "postgres")


def _original(run: Path, *, sample: bool) -> Path:
    """What is copied."""
    original = run / ("prepared" if sample else "prepared-tables")
    if not original.exists():
        tables = _original(run, sample=False) if sample else None
        draft = run / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        if tables is not None:
            shutil.copytree(tables / "postgres", draft / "postgres")
        _fill(draft, seed if sample else migrations.upgrade)
        draft.rename(original)
    return original


def _fill(folder: Path, fill: Callable[[Settings], object]) -> None:
    with EmbeddedServers(folder, ["postgres"]):
        settings = Settings(
            _env_file=None,
            environment="test",
            data_dir=folder,
            database_url=embedded_postgres_url(folder),
            dev_fixed_otp="",
        )
        fill(settings)
