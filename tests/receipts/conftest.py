"""A printer with a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from gencharge.core.rooms import process
from gencharge.core.stores.folder_storage import FolderStorage
from gencharge.receipts.printer_service import Printer


@pytest.fixture
def printer(app: FastAPI, tmp_path: Path) -> Iterator[Printer]:
    """The application's printer, with an empty folder."""
    before, own = Printer.of(app), Printer(FolderStorage(tmp_path))
    process.put(app, own)
    yield own
    process.put(app, before)
