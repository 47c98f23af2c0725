"""A small installation with something in each store, and a folder for its backups."""

from __future__ import annotations

from pathlib import Path

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.make.backups import with_folder


@pytest.fixture
def own(settings: Settings, tmp_path: Path, stores: Stores) -> Settings:
    """The settings of this file's databases, with the backups and the files in folders of the test's own."""
    del stores
    return with_folder(settings, tmp_path, storage_dir=tmp_path / "storage")
