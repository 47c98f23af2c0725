"""A data folder with the tables and the sample data in it, made once in a run of the tests and copied from then on.

An empty one costs each test that starts an installation seconds of initdb, migrations and sample data.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filelock import FileLock

from gencharge.core.postgres import migrations
from gencharge.core.settings import Settings
from gencharge.core.sockets import embedded_postgres_url
from gencharge.run.embedded import EmbeddedServers
from gencharge.seed import seed


def prepare(folder: Path) -> None:
    """Put a PostgreSQL cluster with the tables and the sample data into a data folder that has none."""
    run = Path(os.environ["GENCHARGE_TEST_SERVERS"])
    original = run / "prepared"
    with FileLock(run / "prepared.lock"):
        if not original.exists():
            draft = run / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            _make(draft)
            draft.rename(original)
    shutil.copytree(original / "postgres", folder / "postgres")


def _make(folder: Path) -> None:
    with EmbeddedServers(folder, ["postgres"]):
        settings = Settings(
            _env_file=None,
            environment="test",
            data_dir=folder,
            database_url=embedded_postgres_url(folder),
            dev_fixed_otp="",
        )
        migrations.upgrade(settings)
        seed(settings)
