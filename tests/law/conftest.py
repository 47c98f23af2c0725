"""All files of this folder read the same source."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="package", autouse=True)
def one_house() -> None:
    """Makes the folder a unit of `--workers` (tests/workers.py): what one process has parsed for a rule is there for all of them."""
